"""A trial that takes too long is a failed run with its reason; the others go on."""

import pytest

pytestmark = pytest.mark.slow


def test_a_trial_that_takes_too_long_fails_alone(forked_folder):
    out, _ = forked_folder.run(
        "-m", "dataset=iris", "model=numpy-mlp", "model.epoch=5,10000000", "seed=0,1",
        "resources.timeout=4", "forecast=false",
    )  # fmt: skip
    _, trials = forked_folder.runs()
    by_status = {"FINISHED": [], "FAILED": []}
    for run in trials:
        by_status[run.info.status].append(run)
    assert [len(runs) for runs in by_status.values()] == [2, 2]
    for run in by_status["FAILED"]:
        assert "resources.timeout=4 seconds" in run.data.tags["gridwright.failure"]
        assert run.data.tags["gridwright.failure_kind"] == "error"
    assert "Failed trials: 2" in out
