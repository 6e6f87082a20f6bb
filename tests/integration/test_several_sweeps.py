"""Several sweeps at once on one store: every trial once, none lost, and every command ends well."""

import time
from collections import Counter

import pytest

pytestmark = pytest.mark.slow
COMMAND = ["-m", "dataset=iris", "model=numpy-mlp", "model.epoch=100", "forecast=false"]
FIRST, OTHER = "seed=range(0,16)", "seed=range(8,24)"


def test_the_same_sweep_twice_and_another_that_overlaps(new_folder):
    first = new_folder.start(*COMMAND, FIRST)
    while not new_folder.count():
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    same, other = new_folder.start(*COMMAND, FIRST), new_folder.start(*COMMAND, OTHER)
    told = [process.communicate(timeout=300) for process in (first, same, other)]
    assert [process.returncode for process in (first, same, other)] == [0, 0, 0], told
    assert not [err for _, err in told if "Traceback" in err]
    out, err = told[1]
    assert f"this sweep is already running in another process (PID {first.pid})" in err
    assert "16 trials of numpy-mlp on iris: all are already finished, none is run again" in out

    sweeps, trials = new_folder.runs()
    assert Counter(run.info.status for run in sweeps) == {"FINISHED": 2}
    assert len(trials) == 24, "eight of them are in both grids"
    assert {run.info.status for run in trials} == {"FINISHED"}
    new_folder.assert_complete(epochs=100)
    assert not list((new_folder.path / ".gridwright/spool").rglob("*.trial"))
