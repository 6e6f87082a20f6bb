"""MLflow's own commands and functions with a model of Gridwright's, and no pickle allowed."""

import json
import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow
MODEL = "models:/iris@champion"


@pytest.fixture(scope="module")
def sweep(folder):
    folder.run(
        "-m", "dataset=iris", "model=numpy-mlp", "model.epoch=60", "model.eta=0.1,0.2",
        "forecast=false",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def flowers():
    from sklearn.datasets import load_iris

    return load_iris(as_frame=True)


def mlflow(folder, *words, status=0):
    import sys

    binaries = Path(sys.executable).parent
    environment = os.environ | {
        "MLFLOW_TRACKING_URI": folder.uri,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        [str(binaries / "mlflow"), *words], cwd=folder.path, env=environment,
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def predict(folder, file, kind, status=0):
    answers = folder.path / "answers.json"
    answers.unlink(missing_ok=True)
    printed = mlflow(
        folder, "models", "predict", "-m", MODEL, "-i", str(file), "-t", kind,
        "-o", str(answers), "--env-manager", "local", status=status,
    )  # fmt: skip
    return printed if status else json.loads(answers.read_text())["predictions"]


def test_files_are_answered_in_order(sweep, flowers):
    turned = flowers.data[flowers.data.columns[::-1]].assign(extra="x")
    turned.to_csv(sweep.path / "flowers.csv", index=False)
    labels = predict(sweep, sweep.path / "flowers.csv", "csv")
    assert len(labels) == 150
    truth = flowers.target_names[flowers.target]
    assert (pd.Series(labels) == truth).mean() > 0.9
    body = {
        "dataframe_split": flowers.data[:3].to_dict(orient="split"),
        "params": {"output": "both"},
    }
    (sweep.path / "flowers.json").write_text(json.dumps(body))
    both = predict(sweep, sweep.path / "flowers.json", "json")
    assert [row["label"] for row in both] == labels[:3]


def test_a_bad_file_is_refused_and_answers_nothing(sweep, flowers):
    body = {
        "dataframe_split": flowers.data[:3].to_dict(orient="split"),
        "params": {"outptu": "both"},
    }
    (sweep.path / "bad.json").write_text(json.dumps(body))
    printed = predict(sweep, sweep.path / "bad.json", "json", status=1)
    assert "unknown parameter 'outptu': did you mean 'output'" in printed
    assert not (sweep.path / "answers.json").exists()


def test_a_dockerfile_is_made_of_it(sweep):
    mlflow(
        sweep, "models", "generate-dockerfile", "-m", MODEL, "-d", "image", "--env-manager", "local"
    )
    assert "FROM" in (sweep.path / "image/Dockerfile").read_text()
    # What the image would serve is whole and passes its own checks.
    from mlflow import pyfunc

    (description,) = (sweep.path / "image").rglob("MLmodel")
    model = pyfunc.load_model(str(description.parent))
    columns = model.metadata.get_input_schema().input_names()
    assert len(model.predict(pd.DataFrame([[5.1, 3.5, 1.4, 0.2]], columns=columns))) == 1


# MLflow's own evaluator draws pandas' and matplotlib's warnings.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0", "ignore::UserWarning")
def test_mlflow_evaluates_it(sweep, flowers):
    import mlflow as library

    library.set_tracking_uri(sweep.uri)
    try:
        data = flowers.data.assign(species=flowers.target_names[flowers.target])
        model = library.pyfunc.load_model(MODEL)
        result = library.models.evaluate(
            model, data, targets="species", model_type="classifier",
            evaluator_config={"log_explainer": False, "log_model_explainability": False},
        )  # fmt: skip
    finally:
        library.set_tracking_uri(None)
    assert result.metrics["accuracy_score"] > 0.9
