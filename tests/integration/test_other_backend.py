"""A network that JAX has trained: its sweep ends with a champion, and TensorFlow serves it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SERVED = """
import sys
from pathlib import Path
import numpy as np
from gridwright.tracking.champion import _predict
predicted, recorded = _predict(Path(sys.argv[1]))
import keras  # after the plugin, which is to choose the backend
print(keras.backend.backend(), *predicted.shape, np.abs(predicted - recorded).max())
"""


@pytest.fixture(scope="module")
def sweep(folder):
    _, err = folder.run(
        "-m", "dataset=iris", "model=keras-cnn", "seed=0,1", "model.epochs=2", "forecast=false",
        "model.architecture=[{layer: Dense, units: 8, activation: relu}]",
        KERAS_BACKEND="jax",
    )  # fmt: skip
    assert [line for line in err.splitlines() if "trials, best" not in line] == []
    return folder


@pytest.fixture(scope="module")
def champion(sweep):
    version = sweep.client.get_model_version_by_alias("iris", "champion")
    return sweep.client.download_artifacts(version.run_id, "model", str(sweep.path))


def test_the_runs_say_which_backend_it_was(sweep):
    (parent,), trials = sweep.runs()
    assert parent.data.tags["gridwright.version.keras-cnn"].endswith("+jax")
    assert [run.info.status for run in (parent, *trials)] == ["FINISHED"] * 3


def test_its_requirements_name_the_backend_and_the_one_of_a_server(champion):
    lines = Path(champion, "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {line.partition("==")[0] for line in lines}
    assert {"jax", "tensorflow", "keras", "gridwright-keras-cnn"} <= names


def test_tensorflow_predicts_what_jax_has_predicted(champion):
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", SERVED, champion],
        env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    backend, rows, classes, difference = done.stdout.split()
    assert (backend, int(classes)) == ("tensorflow", 3)
    assert int(rows) > 0
    assert float(difference) < 1e-5
