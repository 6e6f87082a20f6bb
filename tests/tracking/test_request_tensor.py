"""Nested lists of a request: converted without loss, or refused."""

import numpy as np
import pytest
from mlflow.types import TensorSpec

from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_tensor import tensor

BYTES = TensorSpec(np.dtype("uint8"), (-1, 2, 3))
FLOATS = TensorSpec(np.dtype("float32"), (-1, 2, 3))


@pytest.fixture
def pixels():
    return np.arange(12).reshape(2, 2, 3)


@pytest.mark.parametrize("spec", [BYTES, FLOATS])
def test_numbers_become_the_type_of_the_signature(pixels, spec):
    for payload in (pixels.tolist(), pixels.astype(float).tolist()):
        array = tensor(payload, "inputs", spec)
        assert array.dtype == spec.type
        np.testing.assert_array_equal(array, pixels)


def changed(pixels, value):
    nested = pixels.tolist()
    nested[1][0][2] = value
    return nested


@pytest.mark.parametrize(
    ("value", "spec", "sentence"),
    [
        (256, BYTES, r"from 0 to 255, but the input holds 256 at \[1, 0, 2\]"),
        (-1, BYTES, r"from 0 to 255, but the input holds -1 at \[1, 0, 2\]"),
        (0.7, BYTES, r"a whole number, as uint8 is, but the input holds 0.7 at \[1, 0, 2\]"),
        (float("inf"), FLOATS, r"must be finite, but the input holds inf at \[1, 0, 2\]"),
        (float("nan"), FLOATS, r"must be finite, but the input holds nan at \[1, 0, 2\]"),
        (1e308, FLOATS, "within the range of float32"),
        (10**30, BYTES, "must be a number of 64 bits"),
        (True, BYTES, "must be a number of 64 bits"),
        (None, FLOATS, "must be a number of 64 bits"),
        ("7", BYTES, "must be a number of 64 bits"),
        ({}, BYTES, "must be a number of 64 bits"),
        ([7], BYTES, "nested lists of numbers"),
    ],
)
def test_a_value_that_the_type_cannot_hold_is_refused(pixels, value, spec, sentence):
    with pytest.raises(RefusedInput, match=sentence):
        tensor(changed(pixels, value), "inputs", spec)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ([], "at least one sample"),
        ([[1, 2, 3]], r"the shape \(samples, 2, 3\), not \(1, 3\)"),
        ([[[1, 2, 3]]], r"the shape \(samples, 2, 3\), not \(1, 1, 3\)"),
        ([[], []], r"not \(2, 0\)"),
        ([[1], [2, 3]], "nested lists of numbers, each of shape"),
        ({"a": 1}, "nested lists in `inputs`"),
        (3, "nested lists in `inputs`"),
        (None, "nested lists in `inputs`"),
    ],
)
def test_another_shape_is_refused(payload, sentence):
    with pytest.raises(RefusedInput, match=sentence):
        tensor(payload, "inputs", BYTES)


def test_a_table_is_refused(pixels):
    with pytest.raises(RefusedInput, match="nested lists in `inputs`"):
        tensor(pixels.tolist(), "dataframe_records", BYTES)
