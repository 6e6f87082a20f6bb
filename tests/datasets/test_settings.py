import pytest

from gridwright.datasets.settings import DatasetSettings
from gridwright.errors import DatasetError


def test_a_full_node_is_read():
    settings = DatasetSettings.of(
        {
            "name": "iris",
            "limit": 90,
            "test_fraction": 0.25,
            "validation_fraction": 0.5,
            "split_seed": 7,
        }
    )
    assert settings == DatasetSettings(
        "iris", "iris", 90, test_fraction=0.25, validation_fraction=0.5, split_seed=7
    )


def test_a_name_alone_is_enough():
    assert DatasetSettings.of({"name": "mnist"}) == DatasetSettings("mnist", "mnist")


@pytest.mark.parametrize("key", ["test_fraction", "validation_fraction"])
@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0, -0.2, 1.5, True, "0.2", float("nan"), [0.2]])
def test_a_fraction_outside_of_0_and_1_is_refused_by_its_key(key, value):
    with pytest.raises(DatasetError, match=rf"dataset\.{key} must lie between 0 and 1"):
        DatasetSettings.of({"name": "iris", key: value})


@pytest.mark.parametrize("value", [0, -5, 2.5, "100", True, []])
def test_a_limit_that_is_no_positive_whole_number_is_refused(value):
    with pytest.raises(DatasetError, match=r"dataset\.limit must be a whole number of at least 1"):
        DatasetSettings.of({"name": "iris", "limit": value})


@pytest.mark.parametrize("value", [-1, 0.5, None, "0", False])
def test_a_seed_that_is_no_whole_number_is_refused(value):
    with pytest.raises(DatasetError, match=r"dataset\.split_seed must be a whole number"):
        DatasetSettings.of({"name": "iris", "split_seed": value})


def test_a_seed_that_numpy_cannot_take_is_refused():
    with pytest.raises(DatasetError, match=r"dataset\.split_seed must be at most 4294967295"):
        DatasetSettings.of({"name": "iris", "split_seed": 2**32})


def test_an_unknown_key_is_answered_with_the_nearest_one():
    with pytest.raises(DatasetError, match=r"setting in dataset 'limt': did you mean 'limit'\?"):
        DatasetSettings.of({"name": "iris", "limt": 5})


def test_a_published_test_part_cannot_be_asked_for_again():
    with pytest.raises(DatasetError, match=r"dataset\.test_fraction does not apply to mnist"):
        DatasetSettings.of({"name": "mnist", "test_fraction": 0.2})


def test_a_node_without_a_name_says_what_to_add():
    with pytest.raises(DatasetError, match="add dataset=<name>"):
        DatasetSettings.of({"limit": 5})


def test_a_limit_and_a_fraction_are_one_too_many():
    with pytest.raises(DatasetError) as caught:
        DatasetSettings.of({"name": "iris", "limit": 60, "fraction": 0.5})
    assert str(caught.value) == (
        "dataset.limit=60 and dataset.fraction=0.5 both say how many samples are kept: set one of "
        "them to null"
    )


@pytest.mark.parametrize("value", [0, -0.1, 1.01, True, "0.5", float("nan")])
def test_a_fraction_of_the_data_lies_above_0_and_reaches_1(value):
    with pytest.raises(DatasetError, match=r"dataset\.fraction must be above 0 and at most 1"):
        DatasetSettings.of({"name": "iris", "fraction": value})


def test_a_fraction_of_one_keeps_all():
    assert DatasetSettings.of({"name": "iris", "fraction": 1}).fraction is None


@pytest.mark.parametrize("value", [1, 0, 2.5, True, "5", 101])
def test_folds_are_a_whole_number_from_2_to_100(value):
    with pytest.raises(DatasetError, match=r"dataset\.folds must be"):
        DatasetSettings.of({"name": "iris", "folds": value})
