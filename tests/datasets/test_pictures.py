import subprocess
import sys

import numpy as np
import pytest

from gridwright.datasets import load
from gridwright.errors import DatasetError


def test_a_picture_set_keeps_its_types_and_its_published_test_part(small_pictures, data_folder):
    dataset = load({"name": "mnist"})
    assert dataset.x.dtype == np.uint8
    assert dataset.classes == tuple(range(10))
    assert dataset.feature_names == ()
    assert dataset.source == str(data_folder / "mnist.npz")
    for name, array in small_pictures.items():
        attribute = {"x_train": "x", "y_train": "y"}.get(name, name)
        np.testing.assert_array_equal(getattr(dataset, attribute), array)


def test_labels_in_a_column_are_taken_too(small_pictures, data_folder):
    small_pictures["y_train"] = small_pictures["y_train"][:, None]
    np.savez(data_folder / "cifar10.npz", **small_pictures)
    assert load({"name": "cifar10"}).y.shape == (120,)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_an_absent_set_names_its_file(data_folder, name):
    with pytest.raises(DatasetError, match=rf"needs the file {name}\.npz"):
        load({"name": name})


def test_the_published_mnist_is_found_as_it_is(data_folder, shared_datasets):
    (data_folder / "mnist.npz").symlink_to(shared_datasets / "mnist.npz")
    dataset = load({"name": "mnist"})
    assert dataset.x.shape == (60_000, 28, 28)
    assert dataset.x_test.shape == (10_000, 28, 28)
    assert dataset.y[:5].tolist() == [5, 0, 4, 1, 9]


@pytest.mark.slow
def test_a_prepared_folder_holds_all_four(data_folder, shared_datasets):
    subprocess.run(
        [sys.executable, shared_datasets / "prepare.py", data_folder], check=True, timeout=300
    )
    shapes = {
        name: load({"name": name}).x.shape
        for name in ("mnist", "fashion_mnist", "cifar10", "statlog")
    }
    assert shapes == {
        "mnist": (60_000, 28, 28),
        "fashion_mnist": (60_000, 28, 28),
        "cifar10": (50_000, 32, 32, 3),
        "statlog": (4_435, 36),
    }
