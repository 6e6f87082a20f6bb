"""The named data sets: which there are, and how each is read. Nothing is imported until then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridwright.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridwright.datasets.dataset import Dataset


@dataclass(frozen=True, slots=True)
class NamedSet:
    """How one named data set is read.

    Attributes:
        read: returns the whole set; gets its name.
        published_test_part: whether the set comes divided into a training and a test part.
    """

    read: Callable[[str], Dataset]
    published_test_part: bool


def _read_bundled(name: str) -> Dataset:
    from gridwright.datasets.bundled import read

    return read(name)


def _read_pictures(name: str) -> Dataset:
    from gridwright.datasets.pictures import read

    return read(name)


def _read_statlog(name: str) -> Dataset:
    from gridwright.datasets.statlog import read

    return read(name)


_SETS = {
    "iris": NamedSet(_read_bundled, published_test_part=False),
    "diabetes": NamedSet(_read_bundled, published_test_part=False),
    "statlog": NamedSet(_read_statlog, published_test_part=True),
    "mnist": NamedSet(_read_pictures, published_test_part=True),
    "fashion_mnist": NamedSet(_read_pictures, published_test_part=True),
    "cifar10": NamedSet(_read_pictures, published_test_part=True),
}


def available() -> list[str]:
    """Return the names that `dataset=<name>` accepts, sorted."""
    return sorted(_SETS)


def named_set(name: object) -> NamedSet:
    """Return how the data set `name` is read.

    Raises:
        DatasetError: there is no data set of that name.
    """
    if not isinstance(name, str) or name not in _SETS:
        raise DatasetError(unknown_name("data set", name, _SETS))
    return _SETS[name]
