"""A trial that was submitted becomes one complete run, whatever happens to the process."""

import json

import numpy as np
import pytest
from mlflow import MlflowClient

from gridwright.contract import HISTORIES, Failure
from gridwright.tracking import SweepRecord, TrackingSession

REQUIREMENTS = ("numpy",)


def history(client, run_id, name):
    return [
        (point.step, point.timestamp, point.value)
        for point in client.get_metric_history(run_id, name)
    ]


def test_submitted_trial_becomes_a_complete_run(session, iris, make_trial, runs, tmp_path):
    spec, result = make_trial(epochs=300)
    session.submit(spec, result, iris, REQUIREMENTS)
    session.drain()

    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "[10,10,5] eta=0.01"
    assert (run.info.start_time, run.info.end_time) == (result.started_ms, result.ended_ms)
    assert run.data.params["hidden_layer"] == "[10,10,5]"
    assert run.data.params["eta"] == "0.01"
    assert run.data.params["dataset.split_seed"] == "0"
    assert run.data.tags["gridwright.trial_key"] == spec.key
    assert run.data.metrics["validation_score"] == 0.9

    client = MlflowClient(session.store.settings.uri)
    for name in HISTORIES:
        assert history(client, run.info.run_id, name) == [
            (epoch + 1, moment, value)
            for epoch, (moment, value) in enumerate(
                zip(result.epoch_ms.tolist(), result.histories[name].tolist(), strict=True)
            )
        ]
    (inputs,) = run.inputs.dataset_inputs
    assert inputs.dataset.digest == iris.digest[:32]

    folder = tmp_path / "mlruns" / "iris" / run.info.run_id / "artifacts"
    assert json.loads((folder / "config.yaml").read_text()) == spec.config
    assert (folder / "model/data/gridwright/files/nested/shape.json").read_bytes() == b"[4, 3]"
    probes = np.load(folder / "model/probes.npz", allow_pickle=False)
    np.testing.assert_array_equal(probes["inputs"], iris.x_test[:4])
    assert not list((tmp_path / "spool").rglob("*.trial"))
