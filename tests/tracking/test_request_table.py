"""Samples of a request for a table: what is taken, in which order, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from mlflow.types import ColSpec, DataType, Schema

from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_table import table

SCHEMA = Schema(
    [
        ColSpec(DataType.double, "width"),
        ColSpec(DataType.double, "depth", required=False),
        ColSpec(DataType.string, "colour", required=False),
        ColSpec(DataType.boolean, "new"),
        ColSpec(DataType.long, "count"),
    ]
)
RECORD = {"width": 1.5, "depth": 2, "colour": "red", "new": True, "count": 3}


def forms(*records):
    """The same samples in every form that MLflow knows."""
    names = list(records[0])
    columns = {name: [record[name] for record in records] for name in names}
    return {
        "dataframe_records": list(records),
        "dataframe_split": {"columns": names, "data": [list(r.values()) for r in records]},
        "instances": list(records),
        "inputs": columns,
    }


@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split", "instances", "inputs"])
def test_every_form_gives_the_columns_of_the_signature(form):
    turned = dict(reversed(RECORD.items())) | {"more": {"any": "thing"}}
    frame = table(forms(turned, turned)[form], form, SCHEMA)
    assert list(frame.columns) == list(RECORD)
    assert frame.iloc[1].to_dict() == RECORD
    kinds = [dtype.kind for dtype in frame.dtypes]
    assert kinds[:2] == ["f", "f"]
    assert kinds[3:] == ["b", "i"]


def test_one_sample_as_an_object():
    assert table(RECORD, "inputs", SCHEMA).iloc[0].to_dict() == RECORD


def test_gaps_are_kept_where_the_signature_allows_them():
    frame = table([RECORD | {"depth": None, "colour": None}, RECORD], "inputs", SCHEMA)
    assert math.isnan(frame["depth"][0])
    assert frame["depth"].dtype == np.float64
    assert pd.isna(frame["colour"][0])
    assert frame["colour"][1] == "red"
    without = {name: RECORD[name] for name in ("width", "new", "count")}
    assert list(table([without], "inputs", SCHEMA).columns) == list(without)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"width": None}, "must be a finite number, but column 'width' holds null in row 1"),
        ({"width": "1.5"}, "column 'width' holds \"1.5\" in row 1"),
        ({"width": True}, "column 'width' holds true in row 1"),
        ({"width": [1.5]}, r"column 'width' holds \[1.5\] in row 1"),
        ({"width": {}}, r"column 'width' holds {} in row 1"),
        ({"width": math.inf}, "column 'width' holds inf in row 1"),
        ({"width": 10**400}, "column 'width' holds one of too many digits"),
        ({"colour": 3}, "must be text, but column 'colour' holds 3 in row 1"),
        ({"new": 1}, "must be true or false, but column 'new' holds 1 in row 1"),
        ({"count": 1.5}, "must be a whole number, but column 'count' holds 1.5 in row 1"),
        ({"count": 2**70}, "column 'count' holds one of too many digits"),
    ],
)
@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split", "instances", "inputs"])
def test_a_value_of_another_type_is_refused(form, change, sentence):
    with pytest.raises(RefusedInput, match=sentence):
        table(forms(RECORD, RECORD | change)[form], form, SCHEMA)


@pytest.mark.parametrize(
    ("form", "payload", "sentence"),
    [
        ("dataframe_records", [], "at least one sample"),
        ("inputs", {}, "at least one sample"),
        ("dataframe_split", {"columns": list(RECORD), "data": []}, "at least one sample"),
        ("dataframe_records", RECORD, "dataframe_records must be a list of objects"),
        ("inputs", [[1, 2]], "inputs must be a list of objects such as"),
        ("inputs", 3, "inputs must be a list of objects"),
        ("inputs", "text", "inputs must be a list of objects"),
        ("inputs", None, "inputs must be a list of objects"),
        ("inputs", [RECORD, 3], "inputs must be a list of objects"),
        ("inputs", {"width": [1.0], "new": True}, "list of the same length"),
        ("inputs", {"width": [1.0], "new": [True, False]}, "list of the same length"),
        ("dataframe_split", [1], "must be an object with the fields columns and data"),
        ("dataframe_split", {"data": [[1]]}, "the fields columns and data"),
        ("dataframe_split", {"columns": ["a"], "data": [[1]], "x": 1}, "the fields columns"),
        ("dataframe_split", {"columns": "a", "data": [[1]]}, "must be a list of names"),
        ("dataframe_split", {"columns": [["a"]], "data": [[1]]}, "must be a list of names"),
        ("dataframe_split", {"columns": ["a"], "data": 1}, "must be a list of lists"),
        ("dataframe_split", {"columns": ["a"], "data": [{"a": 1}]}, "must be a list of lists"),
        ("dataframe_split", {"columns": ["a"], "data": [[1], [1, 2]]}, "but row 1 .* has 2"),
        ("dataframe_split", {"columns": ["width"] * 2, "data": [[1, 2]]}, "is there 2 times"),
    ],
)
def test_another_shape_is_refused(form, payload, sentence):
    with pytest.raises(RefusedInput, match=sentence):
        table(payload, form, SCHEMA)


def test_missing_and_renamed_columns_are_named():
    renamed = RECORD | {"Width": 1.0}
    del renamed["width"]
    with pytest.raises(RefusedInput, match=r"lacks the column 'width'; is 'Width' meant"):
        table([renamed], "inputs", SCHEMA)
    with pytest.raises(RefusedInput, match=r"sample 1 .* lacks 'width'"):
        table([RECORD, renamed], "inputs", SCHEMA)


def test_samples_that_lack_different_columns_are_not_pushed_together():
    """MLflow's own parser takes these as two samples, made of the values of three."""
    schema = Schema([ColSpec(DataType.double, name) for name in "ab"])
    records = [{"a": 1.0, "b": 1.0}, {"a": 2.0}, {"b": 3.0}]
    with pytest.raises(RefusedInput, match="must have the same columns"):
        table(records, "instances", schema)


def test_the_frame_is_what_pandas_would_make_of_it():
    schema = Schema([ColSpec(DataType.double, name) for name in "ab"])
    frame = table({"b": [1, 2.5], "a": [3, 4]}, "inputs", schema)
    pd.testing.assert_frame_equal(frame, pd.DataFrame({"a": [3.0, 4.0], "b": [1.0, 2.5]}))
