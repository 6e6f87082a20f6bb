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


def interrupt(folder, command, number, times=1):
    """Send a signal once two more trials have finished; return the status and what was said."""
    process, before = folder.start(*command), folder.finished()
    while folder.finished() < before + 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.2 * (times - 1))
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, err


def assert_goes_on(folder, command, epochs):
    """The same command takes over what is finished, and finishes the same sweep."""
    (parent,), trials = folder.runs()
    assert 2 <= len(trials) < TRIALS
    out, _ = folder.run(*command)
    assert f"{TRIALS} trials of numpy-mlp on iris: " in out, "what is finished is taken over"
    (again,), trials = folder.runs()
    assert (again.info.run_id, again.info.status) == (parent.info.run_id, "FINISHED")
    assert len(trials) == TRIALS
    folder.assert_complete(epochs)
    return trials


def test_ctrl_c_once_and_then_twice(forked_folder):
    # After two, the process left before or after it could end the sweep's run.
    for times, statuses in ((1, {"KILLED"}), (2, {"KILLED", "RUNNING"})):
        status, err = interrupt(forked_folder, ALONE, signal.SIGINT, times)
        assert status == 130, err
        assert "To continue: gridwright -m dataset=iris" in err
        (parent,), _ = forked_folder.runs()
        assert parent.info.status in statuses
    assert_goes_on(forked_folder, ALONE, epochs=200)


def test_sigkill_within_a_batch(forked_folder):
    status, err = interrupt(forked_folder, TOGETHER, signal.SIGKILL)
    assert status == -signal.SIGKILL, err
    (parent,), _ = forked_folder.runs()
    assert parent.info.status == "RUNNING"
    trials = assert_goes_on(forked_folder, TOGETHER, epochs=800)
    assert max(run.data.metrics.get("trained_together", 1) for run in trials) >= 3
