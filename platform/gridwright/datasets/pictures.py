"""Picture sets of the data folder: mnist, fashion_mnist and cifar10, one .npz file each.

The file holds `x_train`, `y_train`, `x_test` and `y_test`: pictures `(n, height, width)` or
`(n, height, width, channels)` as uint8, and the class of each as a number. Where it is absent it
is made of the published files, which are fetched.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gridwright.datasets.array_files import ArrayDigest, read_npz
from gridwright.datasets.data_folder import data_folder, whole_file
from gridwright.datasets.dataset import Dataset, array_properties, classes_of
from gridwright.datasets.digests import FollowingDigest
from gridwright.datasets.known_digests import recalled, stamp_of

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array
    from gridwright.datasets.settings import DatasetSettings

_SAMPLES = ("x_train", "x_test")
_LABELS = ("y_train", "y_test")
_ARRAYS = (*_SAMPLES, *_LABELS)
_TARGET = "class"


def read(settings: DatasetSettings) -> Dataset:
    """Return the picture set of that name.

    Raises:
        DatasetError: its file is absent and cannot be fetched, is damaged, or holds other arrays.
    """
    name = settings.source
    path = data_folder() / f"{name}.npz"
    if not path.is_file():
        from gridwright.datasets.downloads import kept

        kept(path, lambda: _make(name, path))
    # CIFAR-10 is also found with labels (n, 1).
    y_train, y_test = (y.reshape(-1) for y in read_npz(path, _LABELS, together=_ARRAYS))
    labels = (y_train, y_test)
    if _is_digested(path, settings):
        samples, following = read_npz(path, _SAMPLES), None
    else:
        samples, following = _digested_samples(name, path, labels)
    x_train, x_test = samples
    dataset = Dataset.of_arrays(
        name,
        "classification",
        (x_train, y_train),
        (x_test, y_test),
        target_names=[_TARGET],
        source=str(path),
    )
    return replace(dataset, following=following)


def _is_digested(path: Path, settings: DatasetSettings) -> bool:
    """Tell whether the digest is known from another time, or is to be one of fewer samples."""
    if settings.limit is not None or settings.fraction is not None:
        return True
    stamp = stamp_of(str(path), settings, time.time_ns())
    return bool(stamp) and recalled(stamp) is not None


def _digested_samples(
    name: str, path: Path, labels: tuple[Array, Array]
) -> tuple[list[Array], FollowingDigest]:
    """Return the samples of both parts, and what digests the set while they are read."""
    y_train, y_test = labels
    properties = array_properties(
        "classification", classes_of(name, y_train, y_test), target_names=(_TARGET,)
    )
    with FollowingDigest(properties) as digest:
        # In the order in which the digest of a data set takes its arrays.
        (x_train,) = read_npz(path, ["x_train"], digests={"x_train": ArrayDigest(digest, "x")})
        digest.add("y", y_train)
        (x_test,) = read_npz(path, ["x_test"], digests={"x_test": ArrayDigest(digest, "x_test")})
        digest.add("y_test", y_test)
    return [x_train, x_test], digest


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
