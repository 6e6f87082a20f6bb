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


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_digest_that_is_made_while_reading_is_that_of_the_arrays(
    save, order, small_pictures, data_folder
):
    save(
        data_folder / "mnist.npz",
        **{k: np.array(a, order=order) for k, a in small_pictures.items()},
    )
    dataset = load({"name": "mnist"})
    assert dataset.following.hexdigest() == dataset.digest == dataset._digest()
    np.testing.assert_array_equal(dataset.x, small_pictures["x_train"])
    part = load({"name": "mnist", "limit": 50})
    assert part.following is None
    assert part.digest == part._digest()


def test_a_file_that_is_damaged_in_its_samples_is_a_sentence(small_pictures, data_folder):
    path = data_folder / "mnist.npz"
    np.savez(path, **small_pictures)
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"mnist\.npz is cut short or damaged \(Bad CRC-32"):
        load({"name": "mnist"})


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
