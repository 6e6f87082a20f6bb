"""A sweep that is interrupted or killed goes on with the same command, and loses nothing."""

import signal
import time

import pytest

pytestmark = pytest.mark.slow
TRIALS = 24
COMMON = ["-m", "dataset=iris", "model=numpy-mlp", "model.hidden_layer=[10,5]", "forecast=false"]
COMMON += [f"seed=range(0,{TRIALS})"]
#: Trials one after the other, of which some are under way whenever the sweep ends; and six at a
#: time trained as one computation, on each of two cores: when the first have come, others train.
ALONE = [*COMMON, "model.epoch=200", "model.batch_size=4", "resources.batch=false"]
TOGETHER = [*COMMON, "model.epoch=800", "model.batch_size=16"]


@pytest.mark.parametrize(
    ("command", "number", "times", "status", "parent_status"),
    [
        (ALONE, signal.SIGINT, 1, 130, "KILLED"),
        (ALONE, signal.SIGINT, 2, 130, "KILLED"),
        (TOGETHER, signal.SIGKILL, 1, -signal.SIGKILL, "RUNNING"),
    ],
    ids=["Ctrl-C", "Ctrl-C twice", "SIGKILL within a batch"],
)
def test_the_same_command_goes_on(forked_folder, command, number, times, status, parent_status):
    process = forked_folder.start(*command)
    while forked_folder.finished() < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.2 * (times - 1))
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert "Traceback" not in err
    (parent,), trials = forked_folder.runs()
    # After two, the process left before or after it could end the sweep's run.
    assert parent.info.status in ({"KILLED", "RUNNING"} if times == 2 else {parent_status})
    assert 2 <= len(trials) < TRIALS
    if number is signal.SIGINT:
        assert "To continue: gridwright -m dataset=iris" in err

    out, _ = forked_folder.run(*command)
    assert f"{TRIALS} trials of numpy-mlp on iris: " in out, "what is finished is taken over"
    (again,), trials = forked_folder.runs()
    assert (again.info.run_id, again.info.status) == (parent.info.run_id, "FINISHED")
    assert len(trials) == TRIALS
    forked_folder.assert_complete(epochs=200 if command is ALONE else 800)
    if command is TOGETHER:
        assert max(run.data.metrics.get("trained_together", 1) for run in trials) >= 3
