import subprocess
import sys

import pytest

import gridwright.datasets
from gridwright.datasets import available
from gridwright.datasets.catalogue import source_of
from gridwright.errors import DatasetError


def test_the_names_are_sorted():
    assert available() == sorted(available())
    assert {"cifar10", "diabetes", "iris", "mnist", "statlog", "table"} <= set(available())


def test_listing_the_names_imports_neither_numpy_nor_sklearn():
    code = (
        "import sys, gridwright.datasets as d; d.available();"
        "print([m for m in ('numpy', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", gridwright.datasets.__all__)
def test_every_exported_name_is_there(name):
    assert callable(getattr(gridwright.datasets, name))


def test_a_name_that_is_not_exported_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        gridwright.datasets.lode  # noqa: B018 - the access is what is tested


def test_an_unknown_set_is_answered_with_the_nearest_name_and_all_names():
    with pytest.raises(
        DatasetError, match=r"unknown data set 'irsi': did you mean 'iris'\?.*mnist"
    ):
        source_of("irsi")


@pytest.mark.parametrize("name", [None, 3, ["iris"], {}])
def test_a_name_of_another_type_is_unknown_too(name):
    with pytest.raises(DatasetError, match="unknown data set"):
        source_of(name)
