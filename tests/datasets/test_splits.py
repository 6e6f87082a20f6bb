from dataclasses import replace

import numpy as np
import pytest

from gridwright.datasets import Dataset, load, split
from gridwright.datasets.settings import DatasetSettings
from gridwright.datasets.splits import divide
from gridwright.errors import DatasetError

IRIS = {
    "name": "iris",
    "limit": None,
    "test_fraction": 0.2,
    "validation_fraction": 0.2,
    "split_seed": 0,
}
ARRAYS = ("x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test")


@pytest.fixture(scope="module")
def iris():
    return load(IRIS)


def rows(*arrays):
    return sorted(map(tuple, np.concatenate(arrays).tolist()))


def counts(labels):
    return np.unique(labels, return_counts=True)[1].tolist()


def test_the_parts_are_stratified_and_make_up_the_whole(iris):
    data = split(iris, IRIS, "validation")
    assert counts(data.y_train) == [32, 32, 32]
    assert counts(data.y_validation) == [8, 8, 8]
    assert counts(data.y_test) == [10, 10, 10]
    assert rows(data.x_train, data.x_validation, data.x_test) == rows(iris.x)


def test_samples_keep_their_labels(iris):
    data = split(iris, IRIS, "validation")
    labelled = {(tuple(x), y) for x, y in zip(iris.x.tolist(), iris.y.tolist(), strict=True)}
    parts = [(data.x_train, data.y_train), (data.x_validation, data.y_validation)]
    for x, y in [*parts, (data.x_test, data.y_test)]:
        assert {(tuple(a), b) for a, b in zip(x.tolist(), y.tolist(), strict=True)} <= labelled


def test_ranking_by_test_trains_on_what_was_held_out_and_validates_on_the_test_part(iris):
    honest = split(iris, IRIS, "validation")
    paper = split(iris, IRIS, "test")
    assert paper.x_validation is paper.x_test
    assert paper.y_validation is paper.y_test
    np.testing.assert_array_equal(paper.x_test, honest.x_test)
    assert rows(paper.x_train) == rows(honest.x_train, honest.x_validation)
    assert paper.description.n_train == 120
    assert honest.description.n_train == 96


def test_the_seed_alone_decides_the_split(iris):
    first, second = (split(iris, IRIS, "validation") for _ in range(2))
    other = split(iris, IRIS | {"split_seed": 1}, "validation")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert rows(first.x_test) != rows(other.x_test)


def test_every_split_has_the_digest_of_the_whole_set(iris):
    assert split(iris, IRIS, "validation").digest == iris.digest
    assert split(iris, IRIS | {"split_seed": 1}, "test").digest == iris.digest


@pytest.mark.parametrize("rank_by", ["validation", "test"])
def test_every_array_is_read_only(iris, rank_by):
    data = split(iris, IRIS, rank_by)
    assert not any(getattr(data, name).flags.writeable for name in ARRAYS)


def test_the_description_says_what_a_plugin_may_know(iris):
    description = split(iris, IRIS, "validation").description
    assert (description.name, description.task) == ("iris", "classification")
    assert (description.sample_shape, description.dtype) == ((4,), "float64")
    assert description.classes == ("setosa", "versicolor", "virginica")
    assert description.n_outputs == 1
    assert description.feature_names == iris.feature_names


def test_a_published_test_part_is_used_as_it_is(small_pictures):
    config = {"name": "mnist", "validation_fraction": 0.25}
    data = split(load(config), config, "validation")
    np.testing.assert_array_equal(data.x_test, small_pictures["x_test"])
    assert counts(data.y_validation) == [3] * 10
    assert data.description.sample_shape == (6, 5)
    assert data.description.dtype == "uint8"


def test_without_a_test_fraction_there_is_no_test_part(iris):
    config = IRIS | {"test_fraction": None}
    data = split(iris, config, "validation")
    assert data.x_test is None
    assert len(data.x_train) + len(data.x_validation) == 150
    with pytest.raises(DatasetError, match=r"rank_by=test needs .*dataset\.test_fraction"):
        split(iris, config, "test")


def test_ranking_by_validation_needs_its_fraction(iris):
    with pytest.raises(DatasetError, match=r"set dataset\.validation_fraction"):
        split(iris, IRIS | {"validation_fraction": None}, "validation")


def test_several_outputs_are_described():
    y = np.arange(40.0).reshape(20, 2)
    dataset = Dataset.of_arrays("diabetes", "regression", (y, y))
    data = split(dataset, IRIS | {"name": "diabetes"}, "validation")
    assert data.description.n_outputs == 2
    assert data.y_test.shape == (4, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"test_fraction": 0.99},
            r"test part of iris would get 149 of 150 .* dataset\.test_fraction",
        ),
        ({"validation_fraction": 0.99}, r"validation part .* dataset\.validation_fraction"),
        ({"limit": 5}, r"would get 1 of 3 samples \(leaving out 3, alone .*dataset\.limit"),
    ],
)
def test_a_part_too_small_for_the_classes_names_what_to_change(changes, message):
    config = IRIS | changes
    with pytest.raises(DatasetError, match=message):
        split(load(config), config, "validation")


@pytest.mark.parametrize("changes", [{"test_fraction": 0.01}, {"limit": 9}])
def test_what_is_held_out_has_every_class(changes):
    config = IRIS | changes
    data = split(load(config), config, "validation")
    for labels in (data.y_train, data.y_validation, data.y_test):
        assert len(np.unique(labels)) == 3


def test_the_only_sample_of_a_class_is_trained_on(iris):
    labels = iris.y.copy()
    labels[iris.y == "virginica"] = "setosa"
    labels[149] = "virginica"
    data = split(replace(iris, y=labels), IRIS, "validation")
    assert (data.y_train == "virginica").sum() == 1
    assert "virginica" not in [*data.y_validation, *data.y_test]


def test_a_regression_needs_two_samples_on_each_side():
    config = IRIS | {"name": "diabetes", "limit": 5}
    with pytest.raises(DatasetError, match="need at least 2"):
        split(load(config), config, "validation")


def test_arrays_of_ones_own_are_divided_like_a_named_set(iris):
    mine = Dataset.of_arrays("mine", "classification", (iris.x, iris.y))
    settings = DatasetSettings("mine", test_fraction=0.2, validation_fraction=0.2)
    ours, named = divide(mine, settings, "validation"), split(iris, IRIS, "validation")
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(ours, name), getattr(named, name))
    assert ours.description.name == "mine"
