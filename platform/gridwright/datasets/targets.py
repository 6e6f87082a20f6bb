"""What is predicted: the column or columns of the target, and the task that they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array, Task
    from gridwright.datasets.table import Column

#: Whole numbers with at most this many different values are taken for classes.
MOST_NUMBERED_CLASSES = 20


@dataclass(frozen=True, eq=False)
class Target:
    """What is predicted.

    Attributes:
        task: classification or regression.
        y: labels `(n,)`, or values `(n,)` or `(n, n_outputs)`.
        classes: sorted labels as plain Python values; empty for a regression.
        note: why it is this task, in a sentence.
    """

    task: Task
    y: Array
    classes: tuple[Any, ...]
    note: str


def target_of(source: str, columns: Sequence[Column], task: Task | None) -> Target:
    """Return what these columns, which have no gaps, are as a target.

    Raises:
        DatasetError: they fit neither task, or not the one that is asked for.
    """
    if len(columns) > 1:
        return _several(source, columns, task)
    (column,) = columns
    if column.kind == "date":
        raise DatasetError(
            f"{source}: the target {column.name!r} holds dates: neither classes nor numbers"
        )
    numbered = column.kind == "number"
    distinct = len(np.unique(column.values))
    if distinct < 2:
        value = column.take(slice(1)).as_written()[0]
        kind = "value" if numbered else "class"
        raise DatasetError(
            f"{source}: the target {column.name!r} has one {kind} only ({value!r}): there is "
            "nothing to learn"
        )
    why = "set by dataset.task"
    if task is None:
        whole = numbered and not _has_fractions(column) and column.notation is None
        few = whole and distinct <= MOST_NUMBERED_CLASSES and 2 * distinct <= len(column)
        if column.kind == "category" and distinct > max(MOST_NUMBERED_CLASSES, len(column) / 2):
            raise DatasetError(
                f"{source}: {distinct} of the {len(column)} values of the target {column.name!r} "
                f"are different texts (such as {column.take(slice(1)).as_written()[0]!r}): neither "
                "numbers nor classes; dataset.task=classification takes them for classes"
            )
        task = "classification" if not numbered or few else "regression"
        why = _reason(column, distinct)
        if column.kind != "category":
            why += f"; dataset.task={_other(task)} makes it the other"
    if task == "regression":
        return Target(
            task, _numbers(source, column), (), f"task: regression of {column.name!r} ({why})"
        )
    y = _labels(column)
    classes = tuple(np.unique(y).tolist())
    note = f"task: classification of {column.name!r} into {len(classes)} classes ({why})"
    return Target(task, y, classes, note)


def _several(source: str, columns: Sequence[Column], task: Task | None) -> Target:
    names = ", ".join(repr(column.name) for column in columns)
    if task == "classification":
        raise DatasetError(
            f"{source}: a classification has one target, and dataset.target names {len(columns)} "
            f"({names})"
        )
    y = np.column_stack([_numbers(source, column) for column in columns])
    for place, column in enumerate(columns):
        if (y[:, place] == y[0, place]).all():
            raise DatasetError(
                f"{source}: the target {column.name!r} has one value only ({y[0, place]:g}): there "
                "is nothing to learn"
            )
    return Target("regression", y, (), f"task: regression of {names} (several targets)")


def _reason(column: Column, distinct: int) -> str:
    if column.kind == "boolean":
        return "it is true or false"
    if column.kind == "category":
        return "it holds text"
    if _has_fractions(column):
        return "it holds numbers with fractions"
    if column.notation is not None:
        return "it holds numbers"
    return f"it holds {distinct} different whole numbers"


def _has_fractions(column: Column) -> bool:
    return bool((column.values != np.rint(column.values)).any())


def _other(task: Task) -> str:
    return "regression" if task == "classification" else "classification"


def _numbers(source: str, column: Column) -> Array:
    if column.kind == "boolean":
        return column.values.astype(np.float64)
    if column.kind != "number":
        raise DatasetError(
            f"{source}: a regression needs numbers, and the target {column.name!r} holds "
            f"{'dates' if column.kind == 'date' else 'text'} (such as "
            f"{column.take(slice(1)).as_written()[0]!r})"
        )
    return column.values


def _labels(column: Column) -> Array:
    if column.kind == "boolean":
        return column.values.astype(bool)
    if column.kind == "number":
        return column.values.astype(np.int64) if not _has_fractions(column) else column.values
    return np.asarray(column.vocabulary)[column.values]
