"""Labels and values, there and back."""

import json

import numpy as np
import pytest

from gridwright.errors import DatasetError
from keras_cnn import targets


@pytest.mark.parametrize(
    "labels", [np.array(["oak", "ash", "oak"]), np.array([7, 1, 7]), np.array([True, False, True])]
)
@pytest.mark.parametrize("one_hot", [False, True])
def test_labels_come_back_also_from_json(labels, one_hot):
    encoding = targets.class_targets(labels, None, one_hot=one_hot)
    stored = json.loads(json.dumps(encoding.to_json()))
    again = targets.from_json("classification", stored)
    rows = np.eye(2, dtype=np.float32)[[1, 0, 1]]
    expected = rows if one_hot else np.array([1, 0, 1])
    np.testing.assert_array_equal(again.encode(labels), expected)
    np.testing.assert_array_equal(again.decode(rows), labels)
    assert again.decode(rows).dtype == labels.dtype


def test_classes_that_the_training_part_lacks_keep_their_column():
    encoding = targets.class_targets(np.array([3, 9]), (1, 3, 9), one_hot=False)
    assert encoding.n_outputs == 3
    np.testing.assert_array_equal(encoding.encode(np.array([9, 3])), [2, 1])


@pytest.mark.parametrize("label", ["aaa", "beech", "zzz"])
def test_an_unknown_label_is_named(label):
    encoding = targets.class_targets(np.array(["ash", "oak"]), None, one_hot=False)
    with pytest.raises(DatasetError, match=f"'{label}' is not among the classes"):
        encoding.encode(np.array(["oak", label]))


def test_labels_in_rows_are_refused():
    with pytest.raises(DatasetError, match=r"must have the shape \(n,\), but got \(3, 2\)"):
        targets.class_targets(np.zeros((3, 2)), None, one_hot=False)


@pytest.mark.parametrize("shape", [(50,), (50, 1), (50, 3)])
def test_values_are_standardised_and_come_back(shape):
    y = np.random.default_rng(0).normal(1000, 30, shape)
    encoding = targets.value_targets(y)
    again = targets.from_json("regression", json.loads(json.dumps(encoding.to_json())))
    encoded = again.encode(y)
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(encoded.std(axis=0), 1, atol=1e-6)
    assert again.decode(encoded).shape == shape
    np.testing.assert_allclose(again.decode(encoded), y, rtol=1e-6)


def test_a_constant_target_stays_finite():
    encoding = targets.value_targets(np.full(4, 5.0))
    np.testing.assert_array_equal(encoding.encode(np.full(4, 5.0)), np.zeros((4, 1)))


@pytest.mark.parametrize("y", [np.array([1.0, np.nan]), np.array(["1"]), np.zeros((2, 2, 2))])
def test_targets_that_are_no_finite_numbers_are_refused(y):
    with pytest.raises(DatasetError, match="targets must be finite numbers"):
        targets.value_targets(y)
