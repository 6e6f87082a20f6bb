"""A whole data set, before it is split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets.digests import digest_arrays
from gridwright.datasets.known_digests import recalled, remember
from gridwright.datasets.mapped_arrays import MappedArray
from gridwright.datasets.stored_arrays import taken
from gridwright.datasets.table import ENCODING_VERSION, MOST_CATEGORIES, Table
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array, Task
    from gridwright.datasets.digests import FollowingDigest

    Samples = Array | Table


@dataclass(frozen=True, eq=False)
class Dataset:
    """A whole data set; its arrays are read-only.

    Attributes:
        name: as in `dataset=<name>`.
        task: what is predicted.
        x: samples `(n, *sample_shape)` in their natural type, or a table of `n` rows, which each
            trial encodes by what its own training part teaches.
        y: class labels `(n,)`, or values `(n,)` or `(n, n_outputs)`.
        x_test: samples of the published test part; None where none is published.
        y_test: targets of the published test part.
        classes: sorted class labels as plain Python values; empty for a regression.
        feature_names: one name a column of a table; empty for other samples.
        target_names: one name a column of the target.
        source: where the data came from: a path, or the package that ships it.
        groups: samples of one group, `(n,)` numbers, never come apart; None where there are none.
        ordered: the samples are in the order of time: what is held out comes last.
        max_categories: columns of values that a category of a table has at most.
        notes: what was decided while it was read, in sentences for the user.
        following: what has digested the arrays while they were read; None elsewhere.
        stamp: key under which the digest is remembered; empty if it is not.
        streamed: the samples do not fit into memory, and are in files that are mapped.
        resized: the samples are pictures that were made one size.
    """

    name: str
    task: Task
    x: Samples
    y: Array
    x_test: Samples | None
    y_test: Array | None
    classes: tuple[Any, ...]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    source: str
    groups: Array | None = None
    ordered: bool = False
    max_categories: int = MOST_CATEGORIES
    notes: tuple[str, ...] = ()
    following: FollowingDigest | None = None
    stamp: str = ""
    streamed: bool = False
    resized: bool = False

    @classmethod
    def of_arrays(
        cls,
        name: str,
        task: Task,
        part: tuple[Array, Array],
        test_part: tuple[Array, Array] | None = None,
        *,
        feature_names: Sequence[str] = (),
        target_names: Sequence[str] = (),
        source: str = "arrays in memory",
    ) -> Dataset:
        """Return the data set that holds the pair (x, y) `part`, and maybe a published test part.

        Classes are found in the labels. Columns without names become x0, x1, ... and y0, y1, ...

        Raises:
            DatasetError: the arrays do not fit each other or the task.
        """
        x, y = part
        x_test, y_test = test_part or (None, None)
        _check_shapes(name, task, part, test_part)
        if not feature_names and x.ndim == 2:
            feature_names = [f"x{column}" for column in range(x.shape[1])]
        if not target_names:
            n_outputs = 1 if y.ndim == 1 else y.shape[1]
            target_names = (
                ["y"] if n_outputs == 1 else [f"y{column}" for column in range(n_outputs)]
            )
        return cls(
            name=name,
            task=task,
            x=read_only(x),
            y=read_only(y),
            x_test=None if x_test is None else read_only(x_test),
            y_test=None if y_test is None else read_only(y_test),
            classes=classes_of(name, y, y_test) if task == "classification" else (),
            feature_names=tuple(map(str, feature_names)),
            target_names=tuple(map(str, target_names)),
            source=source,
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of every byte of the arrays and of all names and classes.

        The set's own name and its source are left out: the same data keeps its digest wherever
        it lies.
        """
        known = recalled(self.stamp) if self.stamp else None
        if known is None:
            known = self.following.hexdigest() if self.following else self._digest()
            if self.stamp:
                remember(self.stamp, known)
        return known

    def _digest(self) -> str:
        properties = array_properties(
            self.task, self.classes, self.feature_names, self.target_names
        )
        if isinstance(self.x, Table):
            encoding = [ENCODING_VERSION, self.max_categories, self.x.missing]
            properties |= {"columns": self.x.properties(), "encoding": encoding}
            return digest_arrays({**self.x.arrays(), "y": self.y}, properties)
        x, x_test = self.arrays
        arrays = {"x": x, "y": self.y, "x_test": x_test, "y_test": self.y_test}
        return digest_arrays(arrays, properties)

    @property
    def arrays(self) -> tuple[Array, Array | None]:
        """The samples and those of the published test part, of a set that is no table.

        Raises:
            TypeError: it is a table, which has arrays only once a trial has encoded it.
        """
        if isinstance(self.x, Table) or isinstance(self.x_test, Table):
            raise TypeError(f"{self.name} is a table")
        return self.x, self.x_test

    def keep(self, rows: Array) -> Dataset:
        """Return the data set with only these samples of those that are trained on."""
        return replace(
            self,
            x=part_of(self.x, rows),
            y=read_only(self.y[rows]),
            groups=None if self.groups is None else self.groups[rows],
            following=None,
            stamp="",
        )


def part_of(samples: Samples, rows: Array) -> Samples:
    """Return the samples of `rows`, read-only; of those that do not fit into memory, in a file."""
    if isinstance(samples, Table):
        return samples[rows]
    if isinstance(samples, MappedArray):
        return taken(samples, rows)
    return read_only(samples[rows])


def array_properties(
    task: Task,
    classes: tuple[Any, ...],
    feature_names: tuple[str, ...] = (),
    target_names: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return what gives the arrays of a data set their meaning, for its digest."""
    return {
        "task": task,
        "classes": classes,
        "feature_names": feature_names,
        "target_names": target_names,
    }


def read_only(array: Array) -> Array:
    """Return a view of `array` that cannot be written to, as it is in a worker of a sweep."""
    view = array.view()
    view.flags.writeable = False
    return view


def _check_shapes(
    name: str, task: Task, part: tuple[Array, Array], test_part: tuple[Array, Array] | None
) -> None:
    for x, y in (part, test_part) if test_part else (part,):
        if x.ndim < 2 or len(x) == 0 or len(x) != len(y):
            raise DatasetError(
                f"data set '{name}' needs as many samples as targets, and at least one, in arrays "
                f"(n, ...) and (n,), not {x.shape} and {y.shape}"
            )
        if x.shape[1:] != part[0].shape[1:] or y.shape[1:] != part[1].shape[1:]:
            raise DatasetError(
                f"data set '{name}' has training samples of shape {part[0].shape[1:]} and test "
                f"samples of shape {x.shape[1:]}: they must be the same"
            )
        if y.ndim > (1 if task == "classification" else 2):
            raise DatasetError(f"data set '{name}' has targets of shape {y.shape} for {task}")
        for array in (x, y):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise DatasetError(f"data set '{name}' holds NaN or infinite values")


def classes_of(name: str, y: Array, y_test: Array | None) -> tuple[Any, ...]:
    """Return the sorted labels of both parts as plain Python values.

    Raises:
        DatasetError: there is one only.
    """
    labels = np.unique(y if y_test is None else np.concatenate([y, y_test]))
    if len(labels) < 2:
        raise DatasetError(f"data set '{name}' has one class only: {labels.tolist()}")
    return tuple(labels.tolist())
