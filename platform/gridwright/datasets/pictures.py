"""Picture sets of the data folder: mnist, fashion_mnist and cifar10, one .npz file each.

The file holds `x_train`, `y_train`, `x_test` and `y_test`: pictures `(n, height, width)` or
`(n, height, width, channels)` as uint8, and the class of each as a number. Where it is absent it
is made of the published files, which are fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridwright.datasets.array_files import read_npz
from gridwright.datasets.data_folder import data_folder, whole_file
from gridwright.datasets.dataset import Dataset

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array
    from gridwright.datasets.settings import DatasetSettings

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def read(settings: DatasetSettings) -> Dataset:
    """Return the picture set of that name.

    Raises:
        DatasetError: its file is absent and cannot be fetched, is damaged, or holds other arrays.
    """
    name = settings.source
    path = data_folder() / f"{name}.npz"
    if not path.is_file():
        from gridwright.datasets.downloads import made_once

        made_once(path, lambda: _make(name, path))
    x_train, y_train, x_test, y_test = read_npz(path, _ARRAYS)
    # CIFAR-10 is also found with labels (n, 1).
    return Dataset.of_arrays(
        name,
        "classification",
        (x_train, y_train.reshape(-1)),
        (x_test, y_test.reshape(-1)),
        target_names=["class"],
        source=str(path),
    )


def _make(name: str, path: Path) -> None:
    """Write the .npz file of a set from its published files: whole, or not at all."""
    arrays = _published(name)
    with whole_file(path) as file:
        np.savez(file, allow_pickle=False, **arrays)


def _published(name: str) -> dict[str, Array]:
    from gridwright.datasets import remote_files
    from gridwright.datasets.downloads import fetched
    from gridwright.datasets.published_formats import read_cifar10, read_idx

    wanted = f"{name}.npz"
    if name == "cifar10":
        return read_cifar10(fetched(name, remote_files.CIFAR10, wanted))
    files = {"mnist": remote_files.MNIST, "fashion_mnist": remote_files.FASHION_MNIST}[name]
    return {part: read_idx(fetched(name, file, wanted)) for part, file in files.items()}
