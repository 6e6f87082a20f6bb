"""A trial that was submitted becomes one complete run, and the next session knows it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient

from gridwright.contract import HISTORIES, Failure
from gridwright.errors import TrackingError
from gridwright.tracking import SweepRecord, TrackingSession

REQUIREMENTS = ("numpy",)
SWEEP = SweepRecord(
    key="a" * 64,
    name="paper/iris",
    command="gridwright -m experiment=paper/iris",
    datasets=("iris",),
    n_trials=2,
    rank_by="validation",
    versions={"gridwright": "0.1.0"},
)


def submit(session, iris, *trials, parent=None):
    for spec, result in trials:
        session.submit(spec, result, iris, REQUIREMENTS, parent)
    session.drain()


def test_a_trial_becomes_a_complete_run(session, iris, make_trial, runs, points, tmp_path):
    spec, result = make_trial(epochs=300, log="epoch 1 of 300\n")
    submit(session, iris, (spec, result))

    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "[10,10,5] eta=0.01"
    assert (run.info.start_time, run.info.end_time) == (result.started_ms, result.ended_ms)
    assert run.data.params == {
        "hidden_layer": "[10,10,5]",
        "eta": "0.01",
        "model": "numpy-mlp",
        "dataset": "iris",
        "seed": "0",
        "dataset.test_fraction": "0.2",
        "dataset.split_seed": "0",
    }
    assert run.data.tags["gridwright.trial_key"] == spec.key
    assert run.data.tags["gridwright.data_digest"] == iris.digest
    assert run.data.metrics.items() >= result.metrics.items()
    for name in HISTORIES:
        assert points(run, name) == list(
            zip(
                range(1, 301),
                result.epoch_ms.tolist(),
                result.histories[name].tolist(),
                strict=True,
            )
        )
    (inputs,) = run.inputs.dataset_inputs
    assert (inputs.dataset.name, inputs.dataset.digest) == ("iris", iris.digest[:32])

    folder = tmp_path / "mlruns" / "iris" / run.info.run_id / "artifacts"
    assert json.loads((folder / "config.yaml").read_text()) == spec.config
    assert (folder / "trial.log").read_text() == "epoch 1 of 300\n"
    assert (folder / "model/data/gridwright/files/nested/shape.json").read_bytes() == b"[4, 3]"
    with np.load(folder / "model/probes.npz", allow_pickle=False) as probes:
        np.testing.assert_array_equal(probes["inputs"], iris.x_test[:4])
        np.testing.assert_array_equal(probes["predictions"], result.probe_predictions)
    assert not list((tmp_path / "spool").rglob("*.trial"))


def test_a_diverged_trial_is_a_failed_run_with_its_reason(
    session, iris, make_trial, runs, points, diverged, tmp_path
):
    spec, result = make_trial(epochs=4, failure=diverged)
    loss = np.array([1.0, 2.0, np.inf, np.nan])
    submit(session, iris, (spec, replace(result, histories={"loss": loss}, metrics={})))

    (run,) = runs("FAILED")
    assert run.data.tags["gridwright.failure"] == "the loss is inf"
    assert run.data.tags["gridwright.failure_kind"] == "diverged"
    assert run.data.tags["gridwright.failed_epoch"] == "3"
    assert [(step, value) for step, _, value in points(run, "loss")] == [(1, 1.0), (2, 2.0)]
    assert not (tmp_path / "mlruns/iris" / run.info.run_id / "artifacts/model").exists()


def test_an_error_keeps_its_traceback_and_runs_again(
    session, settings, iris, make_trial, runs, tmp_path
):
    failure = Failure("error", "the plugin broke", traceback="Traceback: here\n")
    spec, result = make_trial(failure=failure)
    submit(session, iris, (spec, result))

    (run,) = runs("FAILED")
    artifacts = tmp_path / "mlruns/iris" / run.info.run_id / "artifacts"
    assert (artifacts / "traceback.txt").read_text() == "Traceback: here\n"
    assert session.finished() == {}
    assert [found.failure.reason for found in session.runs([spec.key])] == ["the plugin broke"]
    with TrackingSession.open(settings) as later:
        assert later.runs([spec.key]) == []


def test_the_next_session_knows_what_is_finished(session, settings, iris, make_trial, diverged):
    good, bad = make_trial(0), make_trial(1, failure=diverged)
    submit(session, iris, good, bad)
    here = session.finished()
    with TrackingSession.open(settings) as later:
        there = later.finished()

    assert set(there) == {good[0].key, bad[0].key}
    found = there[good[0].key]
    assert found.run_id == here[good[0].key].run_id
    assert found.parameters == here[good[0].key].parameters
    assert found.metrics.items() >= good[1].metrics.items()
    assert (found.dataset, found.dataset_key, found.model) == ("iris", "iris-0", "numpy-mlp")
    assert there[bad[0].key].failure == diverged


def test_trials_are_children_of_their_sweep(session, settings, iris, make_trial, runs):
    parent = session.start_sweep(SWEEP)
    submit(session, iris, make_trial(0), make_trial(1), parent=parent)
    session.end_sweep("KILLED")
    with TrackingSession.open(settings) as later:
        assert later.start_sweep(SWEEP) == parent
        assert len(runs("RUNNING")) == 1
        later.end_sweep("FINISHED")
        ended = MlflowClient(settings.uri).get_run(parent).info.end_time
    with TrackingSession.open(settings) as last:
        assert last.start_sweep(SWEEP) == parent
        last.end_sweep("KILLED")

    sweep = MlflowClient(settings.uri).get_run(parent)
    assert (sweep.info.status, sweep.info.end_time) == ("FINISHED", ended)
    assert sweep.data.tags["gridwright.command"] == SWEEP.command
    children = [run for run in runs() if run.data.tags.get("mlflow.parentRunId") == parent]
    assert len(children) == 2


@pytest.mark.usefixtures("by_client")
def test_a_store_that_refuses_leaves_the_trial_in_the_spool(
    settings, iris, make_trial, runs, monkeypatch
):
    from mlflow.exceptions import MlflowException

    session = TrackingSession.open(settings)

    def refuse(*args, **kwargs):
        raise MlflowException(f"no room at {settings.uri}\nmore")

    monkeypatch.setattr(session.store.client, "log_inputs", refuse)
    for index in range(2):
        session.submit(*make_trial(index), iris, REQUIREMENTS)
    with pytest.raises(TrackingError, match=r"cannot write a run .* no room .* wait in"):
        session.drain()
    assert len(list(settings.own_spool.glob("*.trial"))) == 2

    with TrackingSession.open(settings) as later:
        assert later.recovered == 2
    assert len(runs("FINISHED")) == 2


def test_an_exception_leaves_the_rest_in_the_spool(settings, iris, make_trial, runs):
    trials = [make_trial(index) for index in range(5)]

    def interrupted():
        with TrackingSession.open(settings) as session:
            for trial in trials:
                session.submit(*trial, iris, REQUIREMENTS)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    waiting = len(list(settings.own_spool.glob("*.trial")))
    assert waiting + len(runs("FINISHED")) == 5
    with TrackingSession.open(settings) as later:
        assert later.recovered == waiting
    assert len(runs("FINISHED")) == 5
    assert len(runs()) == 5


def test_a_file_that_cannot_be_read_is_set_aside(settings, iris, make_trial, runs, caplog):
    settings.own_spool.mkdir(parents=True)
    (settings.own_spool / "1-abc.trial").write_bytes(b"half a zip")
    with TrackingSession.open(settings) as session:
        assert session.recovered == 0
    assert "its trial runs again" in caplog.text
    assert [file.name for file in settings.own_spool.glob("1-abc*")] == ["1-abc.broken"]
    assert runs() == []
