"""2,000 requests, most of them wrong in one place, to each served model: no 5xx, no made-up answer.

A request starts as a right one; then up to three places of it are deleted, doubled, wrapped or
replaced by other JSON. An oracle of its own says which of them may be answered at all.
"""

import copy
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gridwright.contract import TrialSpec
from gridwright.datasets import Dataset, load, split
from gridwright.datasets.settings import DatasetSettings
from gridwright.datasets.splits import divide
from gridwright.plugins import load_model_plugin
from gridwright.tracking.model_artifact import model_artifact
from gridwright.tracking.spool import SpooledTrial
from gridwright.trial import run_trial

pytestmark = pytest.mark.slow
REQUESTS = 2000
SPLIT = {"test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-300, 300),
    st.sampled_from([10**400, 2**63, -(2**63) - 1, 1e308, -1e39, 5e-324, 256, -1, 0.5, 7.0]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["5.1", "NaN", "", "setosa", "labels", "both", "odds"]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
KINDS = ("application/json", "application/json; charset=utf-8", "text/csv",
         "application/vnd.apache.parquet", "text/plain", "", None)  # fmt: skip


def places(tree, path=()):
    """Yield the path of everything in `tree`, the first and last of a long list only."""
    yield path
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from places(value, (*path, name))
    elif isinstance(tree, list):
        for index in sorted({0, len(tree) - 1} if tree else ()):
            yield from places(tree[index], (*path, index))


@st.composite
def requests(draw, right):
    """Draw the bytes of a request and its content type."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=60)), draw(st.sampled_from(KINDS))
    if draw(st.integers(0, 19)) == 0:
        return json.dumps(draw(JSON)).encode(), "application/json"
    request = copy.deepcopy(draw(st.sampled_from(right)))
    if draw(st.booleans()):
        request["params"] = {"output": draw(st.sampled_from(["labels", "probabilities", "both"]))}
    for _ in range(draw(st.integers(0, 3))):
        request = changed(draw, request)
    return json.dumps(request).encode(), draw(st.sampled_from(KINDS[:2]))


def changed(draw, request):
    path = draw(st.sampled_from(list(places(request))))
    if not path:
        return draw(JSON) if draw(st.integers(0, 9)) == 0 else request
    parent = request
    for step in path[:-1]:
        parent = parent[step]
    how = draw(st.sampled_from(["replace", "replace", "delete", "double", "wrap", "rename"]))
    if how == "replace":
        parent[path[-1]] = draw(JSON)
    elif how == "delete":
        del parent[path[-1]]
    elif how == "wrap":
        parent[path[-1]] = [parent[path[-1]]]
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[path[-1]]))
    elif how == "rename":
        parent[draw(st.text(max_size=8))] = parent.pop(path[-1])
    return request


def is_number(value):
    return type(value) in (int, float) and abs(value) <= 3.5e38 and math.isfinite(value)


def rows_of(request, columns):
    """Return the samples that a right request for a table holds, and None for any other."""
    try:
        if "dataframe_split" in request:
            header, data = request["dataframe_split"]["columns"], request["dataframe_split"]["data"]
            if any(len(row) != len(header) for row in data):
                return None
            records = [dict(zip(header, row, strict=True)) for row in data]
        else:
            records = next(
                request[name]
                for name in ("dataframe_records", "inputs", "instances")
                if name in request
            )
        if isinstance(records, dict):
            if not any(isinstance(value, list) for value in records.values()):
                records = [records]
            else:
                count = {len(values) for values in records.values()}
                records = [{n: v[i] for n, v in records.items()} for i in range(*count)]
        rows = [[record[name] for name in columns] for record in records]
    except (KeyError, TypeError, StopIteration):
        return None
    return rows if rows and all(is_number(value) for row in rows for value in row) else None


def pictures_of(request, shape):
    """Return the samples that a right request for pictures of bytes holds, else None."""
    samples = request.get("inputs", request.get("instances")) if isinstance(request, dict) else None
    try:
        array = np.array(samples, dtype=object)
    except ValueError:
        return None
    if array.shape[1:] != shape or len(array) == 0:
        return None
    fits = (is_number(v) and 0 <= v <= 255 and v == round(v) for v in array.ravel())
    return array.astype(float).astype(np.uint8) if all(fits) else None


def model_of(name, data, parameters, folder):
    plugin = load_model_plugin(name)
    spec = TrialSpec(
        "0" * 64, 0, name, parameters, {"model": parameters}, (), data.description.name, "key",
        data.digest, plugin.version, 0, "validation", "",
    )  # fmt: skip
    result = run_trial(spec, data, plugin)
    assert result.failure is None, result.failure
    trial = SpooledTrial(
        spec, result, data.description, data.source, tuple(plugin.requirements), "x"
    )
    for path, content in model_artifact(trial, "f" * 32).files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return str(folder)


def fuzz(app, right, oracle, classes):
    """Send `REQUESTS` requests; return how many of each status came back."""
    seen = {}
    answers = {}

    @settings(
        max_examples=REQUESTS, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(requests(right))
    def send(request):
        content, content_type = request
        status, text = app.send(content, content_type=content_type)
        seen[status] = seen.get(status, 0) + 1
        assert status in {200, 400, 413, 415}, (status, text, content)
        if status != 200:
            assert text
            assert "Traceback" not in text
            assert len(text) < 700
            return
        body = json.loads(content)
        rows = oracle(body)
        assert rows is not None, (text, content)
        predictions = json.loads(text)["predictions"]
        assert len(predictions) == len(rows)
        check(predictions, (body.get("params") or {}).get("output", "labels"), classes)
        for row, label in zip(rows, labels(predictions), strict=True):
            key = json.dumps(np.asarray(row, dtype=float).tolist())
            assert answers.setdefault(key, label) == label

    send()
    return seen


def labels(predictions):
    for one in predictions:
        if not isinstance(one, dict):
            yield str(one)
        elif "label" in one:
            yield str(one["label"])
        else:
            yield max(one, key=one.get)


def check(predictions, output, classes):
    for one in predictions:
        if output == "labels":
            assert one in classes
            continue
        probabilities = one
        if output == "both":
            assert one.keys() == {"label", "probabilities"}
            assert one["label"] in classes
            probabilities = one["probabilities"]
        assert list(probabilities) == [str(name) for name in classes]
        assert all(isinstance(value, float) and 0 <= value <= 1 for value in probabilities.values())
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-4)


def test_a_multi_layer_perceptron_on_a_table(scoring_app, tmp_path):
    config = {"name": "iris", **SPLIT}
    data = split(load(config), config, "validation")
    folder = model_of("numpy-mlp", data, {"hidden_layer": [5], "epoch": 30}, tmp_path / "model")
    columns = list(data.description.feature_names)
    rows = data.x_test[:2].tolist()
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    right = [
        {"dataframe_split": {"columns": columns, "data": rows}},
        {"dataframe_records": records},
        {"instances": records},
        {"inputs": {name: [row[i] for row in rows] for i, name in enumerate(columns)}},
    ]
    app = scoring_app(folder)
    seen = fuzz(app, right, lambda body: rows_of(body, columns), data.description.classes)
    assert seen[200] > REQUESTS / 10, seen
    assert seen[400] > REQUESTS / 10, seen
    assert app.ask(**right[0])[0] == 200


def test_a_convolutional_network_on_pictures(scoring_app, tmp_path):
    from sklearn.datasets import load_digits

    digits = load_digits()
    part = digits.images[:400].astype(np.uint8), digits.target[:400]
    data = divide(
        Dataset.of_arrays("digits", "classification", part),
        DatasetSettings.of({"name": "iris", **SPLIT}),
        "validation",
    )
    parameters = {
        "architecture": [{"layer": "Conv2D", "filters": 4, "kernel_size": 3}, {"layer": "Flatten"}],
        "epochs": 1, "batch_size": 64,
    }  # fmt: skip
    folder = model_of("keras-cnn", data, parameters, tmp_path / "model")
    right = [{"inputs": data.x_test[:2].tolist()}, {"instances": data.x_test[:1].tolist()}]
    app = scoring_app(folder)
    seen = fuzz(app, right, lambda body: pictures_of(body, (8, 8)), data.description.classes)
    assert seen[200] > REQUESTS / 10, seen
    assert seen[400] > REQUESTS / 10, seen
    assert app.ask(**right[0])[0] == 200
