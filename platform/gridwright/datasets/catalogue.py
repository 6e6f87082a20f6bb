"""Where data comes from: the named sets, the user's own files. Nothing is imported until then."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from gridwright.datasets.installed import InstalledSource
from gridwright.errors import DatasetError, unknown_name
from gridwright.plugins import dataset_entry_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridwright.datasets.dataset import Dataset
    from gridwright.datasets.settings import DatasetSettings


@dataclass(frozen=True, slots=True)
class Source:
    """How one kind of data is read.

    Attributes:
        module: of this package; its `read(settings)` returns the whole set.
        published_test_part: whether the set always comes with a test part of its own.
        options: keys of the configuration that only this source knows.
    """

    module: str
    published_test_part: bool = False
    options: tuple[str, ...] = ()

    def read(self, settings: DatasetSettings) -> Dataset:
        """Return the whole set.

        Raises:
            DatasetError: the data is absent, damaged or unfit.
        """
        module = import_module(f"gridwright.datasets.{self.module}")
        reader = cast("Callable[[DatasetSettings], Dataset]", module.read)
        return reader(settings)


_COLUMN_OPTIONS = (
    "target",
    "task",
    "drop",
    "types",
    "missing",
    "missing_values",
    "max_categories",
    "groups",
    "time",
)
_TABLE_OPTIONS = ("path", *_COLUMN_OPTIONS, "separator", "encoding", "decimal", "header")

_IMAGE_OPTIONS = ("path", "size", "mode", "file_column", "label_column")

_SOURCES = {
    "iris": Source("bundled"),
    "diabetes": Source("bundled"),
    "california_housing": Source("california_housing"),
    "openml": Source("openml", options=("id", "version", *_COLUMN_OPTIONS)),
    "statlog": Source("statlog", published_test_part=True),
    "mnist": Source("pictures", published_test_part=True),
    "fashion_mnist": Source("pictures", published_test_part=True),
    "cifar10": Source("pictures", published_test_part=True),
    "arrays": Source("arrays", options=("path", "samples", "target", "task")),
    "images": Source("images", options=_IMAGE_OPTIONS),
    "table": Source("tables", options=_TABLE_OPTIONS),
}


def available() -> list[str]:
    """Return the names that `dataset=<name>` accepts, sorted."""
    return sorted({*_SOURCES, *dataset_entry_points()})


def source_of(name: object) -> Source | InstalledSource:
    """Return how the data of `dataset=<name>` is read; what we bring goes before a package's.

    Raises:
        DatasetError: there is no data set of that name.
    """
    if isinstance(name, str):
        if name in _SOURCES:
            return _SOURCES[name]
        if name in dataset_entry_points():
            return InstalledSource(name)
    raise DatasetError(unknown_name("data set", name, available()))
