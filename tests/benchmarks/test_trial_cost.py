"""What a trial of a sweep costs beside its training: Ray Tune, the way of its result, its MLflow run.

The trials train nothing, and leave what one of 300 epochs leaves, or one without a history.
"""

import time
from collections import defaultdict

import pytest

from gridwright.contract import TrialSpec
from gridwright.datasets import load, split
from gridwright.sweep import Cluster, run_trials
from gridwright.tracking import TrackingSession, TrackingSettings

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Ray's own, at its start and end
]
TRIALS = 200
IRIS = {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}


def specs(iris, epochs):
    parameters = {"hidden_layer": [10, 10, 5], "epoch": epochs, "eta": 0.01, "batch_size": 64}
    return [
        TrialSpec(
            key=f"{epochs:x}{index:063x}", index=index, model="numpy-mlp", parameters=parameters,
            config={"model": parameters, "dataset": IRIS}, overrides=(f"seed={index}",),
            dataset="iris", dataset_key="iris", data_digest=iris.digest, plugin_version="0.1.0",
            seed=index, rank_by="validation", command="gridwright -m",
        )
        for index in range(TRIALS)
    ]  # fmt: skip


def trial_function():
    """Return a trial that is only a result; being local, it travels by value."""

    def trial(spec, data):
        import os
        import time

        import numpy as np

        from gridwright.contract import HISTORIES, TrialResult

        epochs = spec.parameters["epoch"]
        now = time.time_ns() // 1_000_000
        generator = np.random.default_rng(spec.seed)
        return TrialResult(
            key=spec.key, started_ms=now, ended_ms=now + epochs,
            epoch_ms=now + np.arange(epochs),
            histories={name: generator.random(epochs) for name in HISTORIES} if epochs else {},
            metrics={"test_score": 0.5, "process": float(os.getpid()), "cpu": time.process_time()},
            files={"weights.npz": generator.bytes(4000), "model.json": b"{}"},
            probe_rows=np.arange(len(data.x_test)),
            probe_predictions=generator.random((len(data.x_test), 3)),
        )  # fmt: skip

    return trial


def milliseconds(iris, epochs, session, cluster):
    """Return CPU milliseconds a trial: of the driver, and of the workers."""
    by_process = defaultdict(list)

    def keep(result):
        by_process[result.metrics["process"]].append(result.metrics["cpu"])
        session.submit(by_key[result.key], result, iris, ("numpy",))

    trials = specs(iris, epochs)
    by_key = {spec.key: spec for spec in trials}
    before = time.process_time()
    run_trials(trials, {"iris": iris}, keep, cluster=cluster, trial_function=trial_function())
    session.drain()
    driver = time.process_time() - before
    spent = sum(max(times) - min(times) for times in by_process.values())
    return 1e3 * driver / TRIALS, 1e3 * spent / (TRIALS - len(by_process))


def test_a_trial_beside_its_training(tmp_path, capsys):
    iris = split(load(IRIS), IRIS, "validation")
    settings = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", tmp_path)
    with TrackingSession.open(settings) as session, Cluster() as cluster:
        cluster.ready()
        milliseconds(iris, 1, session, cluster)  # imports, and the template of the model
        costs = {4 * epochs: milliseconds(iris, epochs, session, cluster) for epochs in (300, 0)}
    with capsys.disabled():
        for points, (driver, worker) in costs.items():
            print(
                f"\na trial with {points} points, CPU beside its training: {driver + worker:.0f} ms "
                f"({driver:.0f} in the driver, {worker:.0f} in a worker)"
            )
