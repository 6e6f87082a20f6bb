"""A real store in a temporary folder, real data, and trials whose results are made up."""

from dataclasses import replace
from shutil import copyfile

import numpy as np
import pytest

from gridwright.contract import HISTORIES, Failure, TrialResult, TrialSpec
from gridwright.datasets import load, split
from gridwright.tracking import TrackingSession, TrackingSettings
from gridwright.tracking.embedded_store import EmbeddedStore
from gridwright.trial import trial_key

START_MS = 1_700_000_000_000


@pytest.fixture(scope="session")
def iris():
    config = {
        "name": "iris",
        "limit": None,
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        "split_seed": 0,
    }
    return split(load(config), config, "validation")


@pytest.fixture
def settings(tmp_path, empty_store):
    copyfile(empty_store, tmp_path / "mlflow.db")
    return TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", tmp_path)


@pytest.fixture
def session(settings):
    with TrackingSession.open(settings) as session:
        yield session


@pytest.fixture
def make_trial(iris):
    """Return a function that makes a trial and its result, different for each `index`."""

    def make(index=0, epochs=5, failure=None, parameters=None, log="", **metrics):
        parameters = parameters or {"hidden_layer": [10, 10, 5], "eta": 0.01 * (index + 1)}
        config = {
            "dataset": {"name": "iris", "limit": None, "test_fraction": 0.2, "split_seed": 0},
            "model": {"name": "numpy-mlp", **parameters},
            "seed": 0,
            "rank_by": "validation",
        }
        spec = TrialSpec(
            key=trial_key(config, iris.digest, "0.1.0"),
            index=index,
            model="numpy-mlp",
            parameters=parameters,
            config=config,
            overrides=("model.hidden_layer=[10,10,5]", f"model.eta={parameters.get('eta')}"),
            dataset="iris",
            dataset_key="iris-0",
            data_digest=iris.digest,
            plugin_version="0.1.0",
            seed=0,
            rank_by="validation",
            command="gridwright dataset=iris model=numpy-mlp",
        )
        histories = {
            name: np.linspace(1.0 + index, 0.5 + place, epochs)
            for place, name in enumerate(HISTORIES)
        }
        result = TrialResult(
            key=spec.key,
            started_ms=START_MS,
            ended_ms=START_MS + 10 * epochs,
            epoch_ms=START_MS + 10 * np.arange(1, epochs + 1, dtype=np.int64),
            histories=histories,
            metrics={
                "train_score": 1.0,
                "validation_score": 0.9,
                "validation_loss": 0.3,
                "test_score": 0.8,
                "test_loss": 0.4,
                **metrics,
            },
            files={"weights.bin": b"\x00\x01" * 50, "nested/shape.json": b"[4, 3]"},
            log=log,
            probe_rows=np.arange(4),
            probe_predictions=np.full((4, 3), 1 / 3),
        )
        if failure is not None:
            result = replace(
                result, failure=failure, files={}, probe_rows=None, probe_predictions=None
            )
        return spec, result

    return make


@pytest.fixture
def diverged():
    return Failure("diverged", "the loss is inf", epoch=3)


@pytest.fixture
def runs(settings):
    """Return a function that lists the runs of the store, through a client of its own."""
    from mlflow import MlflowClient

    def list_runs(status=None):
        client = MlflowClient(settings.uri)
        experiment = client.get_experiment_by_name("iris")
        found = client.search_runs([experiment.experiment_id], max_results=1000)
        return [run for run in found if status in (None, run.info.status)]

    return list_runs


@pytest.fixture
def points(settings):
    """Return a function that reads one history of a run as (step, timestamp, value)."""
    from mlflow import MlflowClient

    def read(run, name):
        history = MlflowClient(settings.uri).get_metric_history(run.info.run_id, name)
        return [(point.step, point.timestamp, point.value) for point in history]

    return read


@pytest.fixture
def by_client(monkeypatch):
    """Let runs be written by MLflow's client, as they are to a tracking server."""
    monkeypatch.setattr(EmbeddedStore, "behind", lambda client: None)
