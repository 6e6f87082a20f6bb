"""SIGKILL of the driver at twenty random moments of a sweep, the same command after each."""

import random
import signal
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
KILLS, AT_START, TRIALS, EPOCHS = 20, 6, 100, 60
COMMAND = [
    "-m",
    "dataset=iris",
    "model=numpy-mlp",
    f"model.epoch={EPOCHS}",
    "model.batch_size=16",
    "forecast=false",
    f"seed=range(0,{TRIALS})",
    # Each kill is to find trials under way: together, sixteen would be finished at once.
    "resources.batch=false",
]


def test_twenty_kills_lose_nothing_and_double_nothing(forked_folder):
    draw = random.Random(20)
    seen = []
    for kill in range(KILLS):
        process, before = forked_folder.start(*COMMAND), forked_folder.finished()
        if kill < AT_START:
            # While the store is made or opened, and while Ray starts.
            time.sleep(draw.uniform(0, 4))
        else:
            # In the middle of the trials, wherever the machine is then.
            wanted = before + draw.randrange(5)
            while forked_folder.finished() < wanted and process.poll() is None:
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        assert process.returncode == -signal.SIGKILL, out + err
        assert "Traceback" not in err
        seen.append(forked_folder.finished())
    assert seen == sorted(seen)
    assert seen[-1] < TRIALS
    forked_folder.run(*COMMAND)
    parents, trials = forked_folder.runs()
    assert [run.info.status for run in parents] == ["FINISHED"]
    assert len(trials) == TRIALS
    assert {run.info.status for run in trials} == {"FINISHED"}
    forked_folder.assert_complete(EPOCHS)
    # One folder of artifacts a run, and the sweep's own.
    assert len(list((forked_folder.path / "mlruns/iris").iterdir())) == TRIALS + 1
    assert not list((forked_folder.path / ".gridwright/spool").rglob("*.trial"))
