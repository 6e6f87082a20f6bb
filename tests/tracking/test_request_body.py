"""A whole request: JSON, its fields, its parameters."""

import json

import pytest
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_body import parse

INPUTS = Schema([ColSpec(DataType.double, "a")])
PARAMS = ParamSchema([ParamSpec("output", DataType.string, "labels")])


def read(body):
    return parse(body if isinstance(body, bytes) else json.dumps(body), INPUTS, PARAMS)


def test_samples_and_parameters():
    frame, params = read({"inputs": {"a": [1, 2]}, "params": {"output": "both"}})
    assert frame["a"].tolist() == [1.0, 2.0]
    assert params == {"output": "both"}
    assert read({"inputs": {"a": [1]}})[1] is None
    assert read({"inputs": {"a": [1]}, "params": None})[1] is None
    assert parse({"inputs": {"a": [1]}}, INPUTS, PARAMS)[0]["a"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "must be JSON: Expecting value"),
        (b"hello", "must be JSON"),
        (b"\xff\xfe\xfd", "must be UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"inputs": {"a": [NaN]}}', "must be JSON, which has no NaN"),
        (b'{"inputs": {"a": [-Infinity]}}', "must be JSON, which has no -Infinity"),
        (b'{"inputs": {"a": [1e999]}}', "holds inf in row 0"),
        (b'{"inputs": {"a": [' + b"9" * 5000 + b"]}}", "must be JSON"),
        ([1], "must be a JSON object with one of .*, not a list"),
        (3, "not a number"),
        ("text", "not text"),
        (None, "not null"),
        ({}, "exactly one of .* has none of them"),
        ({"messages": []}, "exactly one of .* has none of them"),
        ({"inputs": {"a": [1]}, "instances": []}, "has instances, inputs"),
        ({"inputs": {"a": [1]}, "parms": {}}, "unknown field .* 'parms': did you mean 'params'"),
        ({"inputs": {"a": [1]}, "params": [1]}, "params must be a JSON object, not a list"),
        ({"inputs": {"a": [1]}, "params": {"outptu": "x"}}, "'outptu': did you mean 'output'"),
        ({"inputs": {"a": [1]}, "params": {"output": 3}}, "output must be a text, not a number"),
    ],
)  # fmt: skip
def test_refusals(body, sentence):
    with pytest.raises(RefusedInput, match=sentence) as refusal:
        read(body)
    assert refusal.value.get_http_status_code() == 400
    assert json.loads(refusal.value.serialize_as_json())["message"] == refusal.value.sentence


def test_a_model_without_parameters_refuses_all():
    with pytest.raises(RefusedInput, match="unknown parameter 'output'"):
        parse({"inputs": {"a": [1]}, "params": {"output": "both"}}, INPUTS, None)
