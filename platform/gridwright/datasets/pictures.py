"""Picture sets of the data folder: mnist, fashion_mnist and cifar10, one .npz file each.

The file holds `x_train`, `y_train`, `x_test` and `y_test`: pictures `(n, height, width)` or
`(n, height, width, channels)` as uint8, and the class of each as a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.datasets.array_files import read_npz
from gridwright.datasets.data_folder import find_file
from gridwright.datasets.dataset import Dataset

if TYPE_CHECKING:
    from gridwright.datasets.settings import DatasetSettings

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def read(settings: DatasetSettings) -> Dataset:
    """Return the picture set of that name.

    Raises:
        DatasetError: its file is absent, damaged, or holds other arrays.
    """
    name = settings.source
    path = find_file(name, f"{name}.npz")
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
