import numpy as np
import pytest

from gridwright.datasets import load
from gridwright.errors import DatasetError


def counts(labels):
    return np.unique(labels, return_counts=True)[1].tolist()


def test_a_limit_keeps_the_proportions_and_the_order(small_pictures):
    dataset = load({"name": "mnist", "limit": 30})
    assert counts(dataset.y) == [3] * 10
    whole = small_pictures["x_train"]
    positions = [next(i for i in range(120) if (whole[i] == x).all()) for x in dataset.x]
    assert positions == sorted(positions)
    assert len(dataset.x_test) == 40


def test_the_seed_decides_what_is_kept():
    def kept(seed):
        return load({"name": "iris", "limit": 60, "split_seed": seed})

    assert kept(0).digest == kept(0).digest
    assert kept(0).digest != kept(1).digest
    assert kept(0).digest != load({"name": "iris"}).digest


@pytest.mark.parametrize("limit", [150, 151, 10_000])
def test_a_limit_beyond_the_data_keeps_all(limit):
    assert load({"name": "iris", "limit": limit}).digest == load({"name": "iris"}).digest


@pytest.mark.parametrize("limit", [3, 100, 148, 149])
def test_any_limit_from_the_number_of_classes_on_can_be_kept(limit):
    dataset = load({"name": "iris", "limit": limit})
    assert len(dataset.x) == len(dataset.y) == limit
    assert len(dataset.classes) == 3


def test_a_regression_keeps_any_number():
    assert len(load({"name": "diabetes", "limit": 1}).x) == 1


def test_a_limit_below_the_number_of_classes_is_refused():
    with pytest.raises(DatasetError, match=r"dataset\.limit must be at least 3, .* iris, not 2"):
        load({"name": "iris", "limit": 2})


def test_a_limit_that_would_lose_a_class_is_refused(small_pictures, data_folder):
    small_pictures["y_train"][:] = [0] * 100 + [1] * 2 + [2, 3, 4, 5, 6, 7, 8, 9, 9] * 2
    np.savez(data_folder / "mnist.npz", **small_pictures)
    with pytest.raises(DatasetError, match=r"dataset\.limit=10 keeps no sample of class \d"):
        load({"name": "mnist", "limit": 10})


def test_a_limited_set_is_read_only():
    with pytest.raises(ValueError, match="read-only"):
        load({"name": "iris", "limit": 10}).y[0] = "setosa"
