"""From a grid on the command line to a served champion."""

import os
import shlex

import numpy as np
import pytest

pytestmark = pytest.mark.slow
GRID = ["-m", "dataset=iris", "model=numpy-mlp", "model.epoch=20", "forecast=false"]
HIDDEN = "model.hidden_layer=[5,5],[10]"


@pytest.fixture(scope="module")
def sweep(folder):
    """Four trials; the two with an absurd step length diverge."""
    return folder.run(*GRID, HIDDEN, "model.eta=0.05,1e30")


def test_every_trial_is_a_run_below_the_sweep(folder, sweep):
    (parent,), trials = folder.runs()
    assert parent.info.status == "FINISHED"
    assert len(trials) == 4
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} == {parent.info.run_id}
    folder.assert_complete(epochs=20)


def test_a_finished_trial_has_all_that_it_should(folder, sweep):
    _, trials = folder.runs()
    finished = [run for run in trials if run.info.status == "FINISHED"]
    assert len(finished) == 2
    for run in finished:
        assert run.data.params["hidden_layer"] in {"[5,5]", "[10]"}
        assert run.data.params["eta"] == "0.05"
        assert {"train_score", "validation_score", "test_score", "test_loss"} <= set(
            run.data.metrics
        )
        assert len(run.data.tags["gridwright.data_digest"]) == 64
        assert run.data.tags["gridwright.plugin_version"]
        (dataset_input,) = run.inputs.dataset_inputs
        assert dataset_input.dataset.name == "iris"


def test_a_diverged_trial_says_when_and_why(folder, sweep):
    _, trials = folder.runs()
    failed = [run for run in trials if run.info.status == "FAILED"]
    assert len(failed) == 2
    for run in failed:
        assert run.data.tags["gridwright.failure_kind"] == "diverged"
        assert int(run.data.tags["gridwright.failed_epoch"]) >= 1
        assert "floating" in run.data.tags["gridwright.failure"]
    assert "Failed trials: 2" in sweep[0]


def test_the_sweep_ends_with_a_report(folder, sweep):
    (parent,), _ = folder.runs()
    client = folder.client
    names = {entry.path for entry in client.list_artifacts(parent.info.run_id)}
    assert {"leaderboard.csv", "leaderboard.json", "figures"} <= names
    assert "gridwright -m dataset=iris" in parent.data.tags["mlflow.note.content"]


def test_the_champion_answers_as_its_trial_did(folder, sweep):
    from mlflow import pyfunc, set_tracking_uri
    from sklearn.datasets import load_iris

    set_tracking_uri(f"sqlite:///{folder.path / 'mlflow.db'}")
    try:
        model = pyfunc.load_model("models:/iris@champion")
    finally:
        set_tracking_uri(None)
    iris = load_iris(as_frame=True)
    labels = model.predict(iris.data)
    expected = np.array(iris.target_names)[iris.target]
    assert np.mean(np.asarray(labels).ravel() == expected) > 0.6


def test_the_same_command_runs_nothing(folder, sweep):
    before = folder.runs()
    out, _ = folder.run(*GRID, HIDDEN, "model.eta=0.05,1e30")
    assert "all are already finished, none is run again" in out
    after = folder.runs()
    assert [len(part) for part in after] == [len(part) for part in before]


def test_a_dry_run_says_what_is_finished_and_changes_nothing(folder, sweep):
    before = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    out, _ = folder.run(*GRID, HIDDEN, "model.eta=0.05,0.1", "dry_run=true")
    assert "4 trials of numpy-mlp on iris: 2 are already finished, 2 would be run." in out
    assert out.count("to run") == 2
    after = {path: path.stat().st_mtime_ns for path in folder.path.rglob("*")}
    # Reading a database in WAL mode makes its index, and removes it in the end.
    changed = {
        path.name for path in before.keys() | after.keys() if before.get(path) != after.get(path)
    }
    assert changed <= {folder.path.name, "mlflow.db-shm", "mlflow.db-wal"}


def test_failed_trials_are_an_error_for_who_asks(folder, sweep):
    _, err = folder.run(*GRID, HIDDEN, "model.eta=0.05,1e30", "strict=true", status=1)
    assert err == "gridwright: 2 of 4 trials failed (strict=true)\n"


def test_a_larger_grid_takes_over_what_is_finished(folder, sweep):
    out, _ = folder.run(*GRID, HIDDEN, "model.eta=0.05,0.1")
    assert "4 trials of numpy-mlp on iris: 2 are already finished, 2 are run now" in out
    sweeps, trials = folder.runs()
    assert (len(sweeps), len(trials)) == (2, 6)


def test_the_command_of_a_trial_is_that_trial(folder, sweep):
    _, trials = folder.runs()
    finished = next(run for run in trials if run.info.status == "FINISHED")
    _, *arguments = shlex.split(finished.data.tags["gridwright.command"])
    out, _ = folder.run(*arguments)
    assert "This trial is already finished: nothing was run." in out


def test_one_run_without_a_sweep(folder, sweep):
    out, _ = folder.run("dataset=diabetes", "model=numpy-mlp", "model.epoch=20")
    assert "diabetes: version 1 is the new champion" in out
    assert "mlflow models serve -m models:/diabetes@champion" in out
    _, trials = folder.runs()
    single = [run for run in trials if run.data.params["dataset"] == "diabetes"]
    assert [run.info.status for run in single] == ["FINISHED"]
    assert "mlflow.parentRunId" not in single[0].data.tags


def test_one_run_that_diverges_is_recorded_and_told(folder, sweep):
    _, err = folder.run("dataset=diabetes", "model=numpy-mlp", "model.eta=1e30", status=1)
    assert err.startswith("gridwright: the trial failed in epoch 1: ")


def test_keras_networks_on_pictures(new_folder, data_folder):
    folder = new_folder
    out, _ = folder.run(
        "-m",
        "dataset=mnist",
        "model=keras-cnn",
        "model.epochs=1",
        "dataset.limit=300",
        "model.batch_size=64,128",
        "forecast=false",
        f"resources.cpus={min(2, os.cpu_count())}",  # one worker: each starts TensorFlow
        GRIDWRIGHT_DATA=str(data_folder),
    )
    assert "models:/mnist@champion" in out
    folder.assert_complete(epochs=1)
    _, trials = folder.runs()
    assert len(trials) == 2
    version = folder.client.get_model_version_by_alias("mnist", "champion")
    scores = {run.info.run_id: run.data.metrics["validation_score"] for run in trials}
    assert scores[version.run_id] == max(scores.values())


def test_reuse_can_be_turned_off(folder, sweep):
    grid = [*GRID, HIDDEN, "model.eta=0.05", "reuse=false"]
    sweeps_before, trials_before = folder.runs()
    out, _ = folder.run(*grid)
    assert "2 trials of numpy-mlp on iris: all are run anew, as reuse=false asks." in out
    sweeps, trials = folder.runs()
    (anew,) = [run for run in sweeps if run.info.run_id not in ids(sweeps_before)]
    own = [run for run in trials if run.info.run_id not in ids(trials_before)]
    assert {run.data.tags["mlflow.parentRunId"] for run in own} == {anew.info.run_id}
    assert len(own) == 2
    # In the middle of it, the command was killed.
    folder.client.update_run(anew.info.run_id, status="RUNNING")
    out, _ = folder.run(*grid)
    assert "all are already finished, none is run again." in out
    assert [len(part) for part in folder.runs()] == [len(sweeps), len(trials)]


def test_reuse_of_one_run_can_be_turned_off(folder, sweep):
    _, *one = [*GRID, "model.hidden_layer=[10]", "model.eta=0.05"]
    before = [len(part) for part in folder.runs()]
    out, _ = folder.run(*one)
    assert "This trial is already finished" in out
    folder.run(*one, "reuse=false")
    assert [len(part) for part in folder.runs()] == [before[0], before[1] + 1]


def ids(runs):
    return {run.info.run_id for run in runs}


def test_a_run_is_repeated_and_compared(folder, sweep):
    _, trials = folder.runs()
    run = next(run for run in trials if run.info.status == "FINISHED")
    out, _ = folder.run(f"rerun={run.info.run_id}")
    assert f"run {run.info.run_id} is reproduced exactly" in out
    assert len(folder.runs()[1]) == len(trials)
    _, err = folder.run("-m", f"rerun={run.info.run_id},x", status=2)
    assert "rerun= repeats one run" in err
