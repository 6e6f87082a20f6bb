"""What a served model answers and refuses, in this process and through `mlflow models serve`."""

import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridwright.errors import ModelFileError
from gridwright.plugins import load_model_plugin
from gridwright.tracking.manifest import FILES, MANIFEST, describe
from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.seal import SEAL, seal
from gridwright.tracking.served_model import ServedModel, _load_pyfunc


@pytest.fixture(scope="module")
def estimator(iris):
    plugin = load_model_plugin("numpy-mlp")
    model = plugin.build({"hidden_layer": [5], "epoch": 20}, "classification", iris.description, 0)
    model.fit(iris.x_train, iris.y_train)
    return model


@pytest.fixture
def stored(tmp_path, iris, estimator):
    folder = tmp_path / "model/data/gridwright"
    (folder / FILES).mkdir(parents=True)
    estimator.save(folder / FILES)
    files = {file.name: file.read_bytes() for file in (folder / FILES).iterdir()}
    manifest = describe("numpy-mlp", "0.1.0", iris.description, files)
    (folder / MANIFEST).write_text(manifest.to_json())
    reseal(folder)
    return folder


def reseal(folder):
    content = (folder / MANIFEST).read_bytes()
    (folder / SEAL).write_bytes(seal({f"data/gridwright/{MANIFEST}": content}))


@pytest.fixture
def table(iris):
    return pd.DataFrame(iris.x_test, columns=list(iris.description.feature_names))


def test_labels_probabilities_and_both(stored, table, iris, estimator):
    model = _load_pyfunc(str(stored))
    labels = estimator.predict(iris.x_test)
    np.testing.assert_array_equal(model.predict(table), labels)
    probabilities = model.predict(table, {"output": "probabilities"})
    assert tuple(probabilities.columns) == iris.description.classes
    np.testing.assert_array_equal(probabilities.to_numpy(), estimator.predict_proba(iris.x_test))
    both = model.predict(table, {"output": "both"}).to_dict(orient="records")
    assert [row["label"] for row in both] == labels.tolist()
    assert both[0]["probabilities"] == probabilities.iloc[0].to_dict()


def test_columns_are_found_by_name(stored, table, iris, estimator):
    turned = table[table.columns[::-1]].assign(extra=1.0)
    answer = _load_pyfunc(str(stored)).predict(turned)
    np.testing.assert_array_equal(answer, estimator.predict(iris.x_test))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, None, "abc"])
def test_a_value_that_is_no_finite_number_is_refused(stored, table, value):
    table = table.astype(object)
    table.iloc[2, 1] = value
    with pytest.raises(RefusedInput, match=r"'sepal width \(cm\)' holds .* in row 2"):
        _load_pyfunc(str(stored)).predict(table)


def test_other_inputs_that_are_refused(stored, table):
    model = _load_pyfunc(str(stored))
    with pytest.raises(RefusedInput, match=r"lacks the column 'petal width \(cm\)'"):
        model.predict(table.drop(columns="petal width (cm)"))
    with pytest.raises(RefusedInput, match="labels, probabilities, both, not 'odds'"):
        model.predict(table, {"output": "odds"})
    with pytest.raises(RefusedInput, match="at least one sample"):
        model.predict(table[:0])
    with pytest.raises(RefusedInput, match=r"sample 3 .* holds 1e\+308"):
        model.predict(table.assign(**{table.columns[0]: [1.0, 1.0, 1.0, 1e308] + [1.0] * 26}))
    with pytest.raises(RefusedInput, match="unknown parameter 'outptu': did you mean 'output'"):
        model.predict(table, {"outptu": "both"})


def test_an_answer_that_is_no_number_is_not_given(stored, table, iris, estimator):
    class Overflowing(type(estimator)):
        def predict_proba(self, x):
            return np.where(np.arange(len(x)) == 1, np.nan, 0.3)[:, None] * np.ones(3)

    manifest = _load_pyfunc(str(stored)).manifest
    model = ServedModel(manifest, Overflowing())
    with pytest.raises(RefusedInput, match="no answer for sample 1"):
        model.predict(table)


def test_a_model_whose_seal_is_gone_is_refused(stored):
    (stored / SEAL).unlink()
    with pytest.raises(ModelFileError, match="cannot be checked"):
        _load_pyfunc(str(stored))


def test_altered_missing_and_added_files_are_refused(stored):
    victim = next((stored / FILES).iterdir())
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelFileError, match="was altered"):
        _load_pyfunc(str(stored))
    victim.write_bytes(whole)
    (stored / FILES / "more.bin").write_bytes(b"")
    with pytest.raises(ModelFileError, match=r"holds, beside what was stored, more\.bin"):
        _load_pyfunc(str(stored))
    (stored / FILES / "more.bin").unlink()
    victim.unlink()
    with pytest.raises(ModelFileError, match=f"lacks {victim.name}"):
        _load_pyfunc(str(stored))


@pytest.mark.parametrize("text", ["", "[]", '{"version": 99}', '{"version": 1}'])
def test_a_manifest_that_is_none_is_refused(stored, text):
    (stored / MANIFEST).write_text(text)
    with pytest.raises(ModelFileError, match=f"{MANIFEST} .* was altered"):
        _load_pyfunc(str(stored))
    reseal(stored)
    with pytest.raises(ModelFileError):
        _load_pyfunc(str(stored))


@pytest.fixture
def served(session, iris, make_trial, tmp_path, estimator):
    """A function that asks a real server of a real run, and returns (status, body)."""
    plugin = load_model_plugin("numpy-mlp")
    spec, result = make_trial()
    files = tmp_path / "files"
    files.mkdir()
    estimator.save(files)
    result.files.clear()
    result.files.update({file.name: file.read_bytes() for file in files.iterdir()})
    session.submit(spec, result, iris, plugin.requirements)
    session.drain()
    run_id = session.finished()[spec.key].run_id
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scripts = Path(sys.executable).parent
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_TRACKING_URI": session.store.settings.uri,
    }
    command = [scripts / "mlflow", "models", "serve", "-m", f"runs:/{run_id}/model",
               "--env-manager", "local", "--port", str(port)]  # fmt: skip
    server = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = []
    for line in server.stdout:
        lines.append(line)
        if "Uvicorn running" in line:
            break
    else:
        pytest.fail("".join(lines))

    def ask(**body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/invocations",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    yield ask
    server.terminate()
    server.communicate(timeout=60)


@pytest.mark.slow
def test_a_real_server(served, table, iris, estimator):
    rows = table[:3]
    split = rows.to_dict(orient="split")
    labels = estimator.predict(iris.x_test[:3]).tolist()
    for form in (
        {"dataframe_split": split},
        {"dataframe_records": rows.to_dict(orient="records")},
        {"inputs": rows.to_dict(orient="list")},
        {"inputs": rows.to_dict(orient="records")},
        {"dataframe_split": rows.assign(extra=1.0).to_dict(orient="split")},
    ):
        assert served(**form) == (200, {"predictions": labels})
    status, answer = served(dataframe_split=split, params={"output": "probabilities"})
    assert status == 200
    assert answer["predictions"][0] == pytest.approx(
        dict(
            zip(
                iris.description.classes,
                estimator.predict_proba(iris.x_test[:1])[0].tolist(),
                strict=True,
            )
        )
    )

    name = table.columns[1]
    refusals = {
        f"lacks the column {name!r}": {"dataframe_split": rows.drop(columns=name).to_dict(orient="split")},
        f'column {name!r} holds "a" in row 0': {"inputs": {**rows.to_dict(orient="list"), name: ["a"] * 3}},
        f"column {name!r} holds null in row 0": {
            "dataframe_split": rows.astype(object).assign(**{name: None}).to_dict(orient="split")
        },
        "must be JSON, which has no Infinity": {
            "inputs": {**rows.to_dict(orient="list"), name: [np.inf, 1.0, 2.0]}
        },
        "unknown parameter 'outptu'": {"dataframe_split": split, "params": {"outptu": "both"}},
        "must be one of labels, probabilities, both": {
            "dataframe_split": split, "params": {"output": "odds"}
        },
    }  # fmt: skip
    for sentence, body in refusals.items():
        status, answer = served(**body)
        assert status == 400, sentence
        assert sentence in answer["message"]
        assert "Traceback" not in json.dumps(answer)
