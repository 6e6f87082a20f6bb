"""A search with early stopping, interrupted by its budget and continued by the same command."""

import os

import pytest

pytestmark = pytest.mark.slow
COMMAND = [
    "-m",
    "dataset=iris",
    "model=numpy-mlp",
    "model.epoch=60",
    "model.eta=tag(log, interval(0.0001, 0.5))",
    "model.batch_size=16,64",
    "hydra.sweeper.search=tpe",
    "hydra.sweeper.scheduler=asha",
    "hydra.sweeper.grace_epochs=2",
]


def test_a_search_stops_what_lags_behind_and_goes_on(forked_folder):
    out, _ = forked_folder.run(*COMMAND, "hydra.sweeper.max_trials=10")
    assert "A tpe with asha search of numpy-mlp on iris, 10 trials." in out
    (parent,), trials = forked_folder.runs()
    assert (parent.info.status, len(trials)) == ("FINISHED", 10)
    assert {run.info.status for run in trials} == {"FINISHED"}
    client = forked_folder.client
    stopped = [run for run in trials if "stopped_epoch" in run.data.metrics]
    assert 1 <= len(stopped) < 10
    for run in trials:
        last = int(run.data.metrics.get("stopped_epoch", 60))
        assert last in {2, 6, 18, 54, 60}
        points = client.get_metric_history(run.info.run_id, "loss")
        assert [point.step for point in points] == list(range(1, len(points) + 1))
        # The epoch under way when the scheduler decided is finished.
        assert last <= len(points) <= last + 1
        assert {entry.path for entry in client.list_artifacts(run.info.run_id)} >= {"model"}
    kept = {run.info.run_id for run in trials}

    out, _ = forked_folder.run(*COMMAND, "hydra.sweeper.max_trials=12")
    assert "12 trials: 10 are already finished, and go into it" in out
    (again,), trials = forked_folder.runs()
    assert again.info.run_id == parent.info.run_id
    assert len(trials) == 12
    assert kept < {run.info.run_id for run in trials}

    out, _ = forked_folder.run(*COMMAND, "hydra.sweeper.max_trials=12")
    assert len(forked_folder.runs()[1]) == 12


def test_a_grid_with_a_budget_and_a_good_enough_score(forked_folder):
    grid = ["-m", "dataset=iris", "model=numpy-mlp", "model.epoch=30", "seed=range(0,50)"]
    forked_folder.run(*grid, "model.eta=0.05", "hydra.sweeper.stop_score=0.5")
    _, trials = forked_folder.runs()
    assert 1 <= len(trials) < 20
    assert max(run.data.metrics["validation_score"] for run in trials) >= 0.5


def test_the_end_of_the_time_leaves_whole_runs_that_are_not_taken_for_whole_trials(forked_folder):
    # Nobody trains so many epochs in 40 minutes, let alone within the time of this test.
    endless = ["-m", "dataset=iris", "model=numpy-mlp", "model.epoch=10000000", "seed=1,2,3,4,5,6"]
    out, _ = forked_folder.run(*endless, "hydra.sweeper.time_budget=1")
    assert "is the new champion" in out
    _, trials = forked_folder.runs()
    assert 1 <= len(trials) <= len(os.sched_getaffinity(0)), (
        "what was under way when the time was over, and no other"
    )
    for run in trials:
        last = run.data.metrics["out_of_time_epoch"]
        points = forked_folder.client.get_metric_history(run.info.run_id, "loss")
        assert (run.info.status, len(points)) == ("FINISHED", last)
