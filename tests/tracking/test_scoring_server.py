"""MLflow's own server, once it has loaded a model of Gridwright's: 4xx and a sentence, or an answer."""

import json

import mlflow
import pandas as pd
import pytest
from mlflow import pyfunc
from mlflow.pyfunc import scoring_server as server

from gridwright.contract import TrialSpec
from gridwright.datasets import Dataset
from gridwright.datasets.settings import DatasetSettings
from gridwright.datasets.splits import divide
from gridwright.plugins import load_model_plugin
from gridwright.tracking.model_artifact import model_artifact
from gridwright.tracking.scoring_server import LIMIT
from gridwright.tracking.spool import SpooledTrial
from gridwright.trial import run_trial


def stored_model(folder, data, parameters):
    """Train numpy-mlp on `data`, write the model as a run holds it, and return its folder."""
    plugin = load_model_plugin("numpy-mlp")
    spec = TrialSpec(
        "0" * 64, 0, "numpy-mlp", parameters, {"model": parameters}, (), data.description.name,
        "key", data.digest, plugin.version, 0, "validation", "",
    )  # fmt: skip
    trial = SpooledTrial(
        spec, run_trial(spec, data, plugin), data.description, data.source,
        tuple(plugin.requirements), "x", examples=data.x_train[:2],
    )  # fmt: skip
    for name, content in model_artifact(trial, "f" * 32).files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def table_model(tmp_path_factory, iris):
    folder = tmp_path_factory.mktemp("table") / "model"
    return stored_model(folder, iris, {"hidden_layer": [5], "epoch": 5})


@pytest.fixture(scope="module")
def tensor_model(tmp_path_factory):
    from sklearn.datasets import load_digits

    digits = load_digits()
    settings = DatasetSettings.of(
        {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2}
    )
    part = digits.images.astype("uint8"), digits.target
    data = divide(Dataset.of_arrays("digits", "classification", part), settings, "validation")
    folder = tmp_path_factory.mktemp("tensor") / "model"
    return stored_model(folder, data, {"hidden_layer": [10], "epoch": 2})


@pytest.fixture(scope="module")
def flowers(scoring_app, table_model):
    return scoring_app(str(table_model))


@pytest.fixture(scope="module")
def digits(scoring_app, tensor_model):
    return scoring_app(str(tensor_model))


@pytest.fixture
def csv(iris):
    names = iris.description.feature_names
    return pd.DataFrame(iris.x_test[:2], columns=list(names)).to_csv(index=False)


@pytest.fixture
def split(iris):
    return {"columns": list(iris.description.feature_names), "data": iris.x_test[:2].tolist()}


def test_an_answer(flowers, split, csv):
    status, answer = flowers.ask(dataframe_split=split)
    assert status == 200
    assert len(answer["predictions"]) == 2
    status, text = flowers.send(csv.encode(), content_type="text/csv")
    assert (status, json.loads(text)) == (200, answer)


def test_a_request_that_is_too_large_is_refused_and_the_next_one_answered(
    flowers, split, monkeypatch
):
    megabyte = b"1" * 2**20
    status, text = flowers.send(b'{"inputs": [', *[megabyte] * 100)
    assert status == 413
    assert "64 MiB at most: send fewer samples at a time" in text
    assert flowers.ask(dataframe_split=split)[0] == 200
    monkeypatch.setenv(LIMIT, "0.0001")
    assert flowers.ask(dataframe_split=split)[0] == 413


def test_a_request_without_content_type_is_refused(flowers):
    status, text = flowers.send(b"{}", content_type=None)
    assert status == 415
    assert "needs a Content-Type" in text


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=latin1", ""])
def test_another_content_type_is_refused(flowers, content_type):
    assert flowers.send(b"{}", content_type=content_type)[0] == 415


def test_a_refusal_repeats_neither_the_input_nor_a_stack_trace(flowers, csv):
    for content, content_type in (
        (csv.strip() + ",secret", "text/csv"),
        (csv.strip() + "x", "text/csv"),
        (csv.split("\n")[0], "text/csv"),
        ("", "text/csv"),
        ("PAR1", "application/vnd.apache.parquet"),
        ('{"inputs": "' + "secret" * 1000 + '"}', "application/json"),
    ):
        status, text = flowers.send(content.encode(), content_type=content_type)
        assert status == 400
        assert json.loads(text).keys() == {"error_code", "message"}
        assert "Traceback" not in text
        assert "secret" not in text
        assert len(text) < 700


def test_rows_of_a_csv_that_are_too_long_do_not_move_their_values(flowers, csv):
    header, *rows = csv.strip().split("\n")
    longer = "\n".join([header, *(f"9,{row}" for row in rows)])
    status, text = flowers.send(longer.encode(), content_type="text/csv")
    assert status == 400
    assert "as many values as its header" in text


def test_pictures_come_as_json_alone(digits):
    assert digits.ask(inputs=[[[7] * 8] * 8])[0] == 200
    assert digits.ask(inputs=[[[300] * 8] * 8])[0] == 400
    for content_type in ("text/csv", "application/vnd.apache.parquet"):
        status, text = digits.send(b"a,b\n1,2\n", content_type=content_type)
        assert status == 415
        assert "send them as application/json" in text


def test_models_of_others_are_left_to_mlflow(flowers, tmp_path, monkeypatch):
    """In this process the checks are in place, and `"3"` is still a number to MLflow."""
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true")  # scikit-learn's are pickles
    from sklearn.linear_model import LinearRegression

    frame = pd.DataFrame({"a": [1.0, 2.0]})
    signature = mlflow.models.infer_signature(frame, frame["a"])
    mlflow.sklearn.save_model(
        LinearRegression().fit(frame, frame["a"]),
        tmp_path / "other",
        signature=signature,
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
    )
    model = pyfunc.load_model(str(tmp_path / "other"))
    body = b'{"dataframe_split": {"columns": ["a"], "data": [["3"]]}, "params": {"x": 1}}'
    answer = server.invocations(body, "application/json", model, model.metadata.get_input_schema())
    assert json.loads(answer.response)["predictions"] == [pytest.approx(3.0)]


def test_an_altered_description_of_the_model_is_refused(table_model, tmp_path):
    from shutil import copytree

    from gridwright.errors import ModelFileError

    copy = copytree(table_model, tmp_path / "copy")
    description = (copy / "MLmodel").read_text()
    (copy / "MLmodel").write_text(description.replace("sepal width (cm)", "sepal width"))
    with pytest.raises(ModelFileError, match=r"the file MLmodel .* was altered"):
        pyfunc.load_model(str(copy))
