"""What one run costs: Gridwright's writer against logging point by point, on the same machine."""

import os
import statistics
import time

import numpy as np
import pytest
from mlflow import MlflowClient

from gridwright.contract import HISTORIES, TrialResult, TrialSpec
from gridwright.datasets import load, split
from gridwright.tracking import TrackingSession, TrackingSettings

EPOCHS = 300
RUNS = 20
NAIVE_RUNS = 3


@pytest.fixture(scope="module")
def iris():
    config = {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}
    return split(load(config), config, "validation")


def trial(iris, index):
    parameters = {
        "hidden_layer": [10, 10, 5], "activation": "ReLU", "epoch": EPOCHS, "eta": 0.01,
        "beta": 0.3, "alpha": 0.001, "mu": 0.8, "batch_size": 64,
    }  # fmt: skip
    key = f"{index:064x}"
    spec = TrialSpec(
        key=key,
        index=index,
        model="numpy-mlp",
        parameters=parameters,
        config={"model": parameters, "dataset": {"name": "iris", "test_fraction": 0.2}},
        overrides=("model.hidden_layer=[10,10,5]", "model.eta=0.01"),
        dataset="iris",
        dataset_key="iris",
        data_digest=iris.digest,
        plugin_version="0.1.0",
        seed=0,
        rank_by="validation",
        command="gridwright dataset=iris model=numpy-mlp",
    )
    generator = np.random.default_rng(index)
    result = TrialResult(
        key=key,
        started_ms=1_700_000_000_000,
        ended_ms=1_700_000_000_000 + EPOCHS,
        epoch_ms=1_700_000_000_000 + np.arange(EPOCHS),
        histories={name: generator.random(EPOCHS) for name in HISTORIES},
        metrics={f"{part}_{what}": 0.5 for part in ("train", "test") for what in ("loss", "score")},
        files={"weights.npz": generator.bytes(4000), "model.json": b"{}"},
        probe_rows=np.arange(len(iris.x_test)),
        probe_predictions=generator.random((len(iris.x_test), 3)),
    )
    return spec, result


def naive(client, experiment_id, spec, result):
    """Write a run as a training loop would: one request a point; no model, no artifacts."""
    run_id = client.create_run(experiment_id).info.run_id
    for name, value in spec.parameters.items():
        client.log_param(run_id, name, value)
    for name, history in result.histories.items():
        for epoch, value in enumerate(history.tolist(), start=1):
            client.log_metric(run_id, name, value, step=epoch)
    client.set_terminated(run_id)


def cost(write, trials):
    """Return the median CPU and wall time of one run in milliseconds."""
    cpu, wall = [], []
    for one in trials:
        before, started = time.process_time(), time.perf_counter()
        write(one)
        cpu.append(1e3 * (time.process_time() - before))
        wall.append(1e3 * (time.perf_counter() - started))
    return statistics.median(cpu), statistics.median(wall)


@pytest.mark.slow
@pytest.mark.benchmark
def test_tracking_cost(iris, tmp_path):
    settings = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", tmp_path)
    with TrackingSession.open(settings) as session:

        def ours(one):
            session.submit(*one, iris, ("numpy",))
            session.drain()

        ours(trial(iris, RUNS))  # imports, and the template of the model
        cpu, wall = cost(ours, [trial(iris, index) for index in range(RUNS)])
        client = MlflowClient(settings.uri)
        experiment_id = session.store.experiment_id("naive")
        naive_cpu, naive_wall = cost(
            lambda one: naive(client, experiment_id, *one),
            [trial(iris, index) for index in range(NAIVE_RUNS)],
        )
    points = len(HISTORIES) * EPOCHS
    print(
        f"\none run of {points} points on {os.cpu_count()} cores, median:"
        f"\n  Gridwright, with model and artifacts  {cpu:7.0f} ms CPU  {wall:7.0f} ms wall"
        f"\n  log_metric point by point, without    {naive_cpu:7.0f} ms CPU  {naive_wall:7.0f} ms wall"
        f"\n  ratio                                 {cpu / naive_cpu:7.3f}         {wall / naive_wall:7.3f}"
    )
    assert cpu < naive_cpu / 5
