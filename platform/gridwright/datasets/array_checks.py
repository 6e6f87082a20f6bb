"""What arrays of a user's own file must be, before a data set is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array, Task

    #: An array and its name in the file.
    Named = tuple[str, Array]


def plain_samples(path: Path, name: str, x: Array) -> Array:
    """Return samples `(n, ...)` in a type of this machine that models know.

    Raises:
        DatasetError: no numbers, no rows, or none in a row.
    """
    if x.dtype.kind not in "iufb":
        raise DatasetError(
            f"{path}: the samples must be numbers, but the array {name!r} holds {x.dtype}"
        )
    if x.ndim < 2 or x.size == 0:
        one = f"; of one number each they are ({x.shape[0]}, 1)" if x.ndim == 1 and x.size else ""
        raise DatasetError(
            f"{path}: the samples must have the shape (n, ...), a row of numbers each, but the "
            f"array {name!r} has {x.shape}{one}"
        )
    _check_finite(path, name, x)
    # `longdouble` has no more digits that a model would use, and no framework takes it.
    known = np.dtype(np.float64) if x.dtype.itemsize > 8 else x.dtype.newbyteorder("=")
    return x.astype(known, copy=False)


def plain_targets(path: Path, name: str, y: Array) -> Array:
    """Return targets `(n,)` or `(n, n_outputs)`: numbers, truth values or texts.

    Targets `(n, 1)` become `(n,)`, bytes become text.

    Raises:
        DatasetError: they are something else.
    """
    if y.dtype.kind == "S":
        try:
            y = np.char.decode(y, "utf-8")
        except UnicodeDecodeError as error:
            raise DatasetError(
                f"{path}: the labels in {name!r} are bytes and no UTF-8 ({error}): store texts"
            ) from error
    if y.dtype.kind not in "iufbU":
        raise DatasetError(
            f"{path}: the targets must be numbers, texts or truth values, but the array {name!r} "
            f"holds {y.dtype}"
        )
    if y.ndim not in {1, 2} or y.size == 0:
        raise DatasetError(
            f"{path}: the targets must have the shape (n,), or (n, n_outputs) for a regression, "
            f"but the array {name!r} has {y.shape}"
        )
    _check_finite(path, name, y)
    if y.dtype.kind != "U":
        y = y.astype(y.dtype.newbyteorder("="), copy=False)
    return y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y


def check_pair(path: Path, samples: Named, targets: Named) -> None:
    """Refuse samples and targets of different lengths.

    Raises:
        DatasetError: see there.
    """
    (x_name, x), (y_name, y) = samples, targets
    if len(x) != len(y):
        raise DatasetError(
            f"{path}: there must be a target for each sample, but {x_name!r} has {len(x)} rows and "
            f"{y_name!r} {len(y)}"
        )


def check_task(path: Path, task: Task, targets: Named, test: Named | None) -> None:
    """Refuse targets that do not fit their task, or that teach nothing about the test part.

    Raises:
        DatasetError: see there.
    """
    name, y = targets
    if task == "classification":
        if y.ndim > 1:
            raise DatasetError(
                f"{path}: a classification needs labels of shape (n,), but the array {name!r} has "
                f"{y.shape}: of columns for classes, store y.argmax(axis=1)"
            )
        unknown = np.setdiff1d(test[1], y) if test is not None else y[:0]
        if test is not None and len(unknown):
            raise DatasetError(
                f"{path}: the label {unknown[0].item()!r} is in {test[0]!r}, and not in {name!r}: "
                "both parts need the same classes"
            )
        return
    if y.dtype.kind == "U":
        raise DatasetError(
            f"{path}: a regression needs numbers, and {name!r} holds texts (such as "
            f"{y.flat[0].item()!r})"
        )
    for place, column in enumerate(y.reshape(len(y), -1).T):
        if (column == column[0]).all():
            which = f"column {place} of {name!r}" if y.ndim > 1 else repr(name)
            raise DatasetError(
                f"{path}: the target {which} has one value only ({column[0]:g}): there is nothing "
                "to learn"
            )


def _check_finite(path: Path, name: str, array: Array) -> None:
    if array.dtype.kind != "f":
        return
    finite = np.isfinite(array)
    if not finite.all():
        row = int(np.argmin(finite.reshape(len(array), -1).all(axis=1)))
        raise DatasetError(
            f"{path}: every number must be finite, but the array {name!r} holds a NaN or infinity "
            f"in row {row} (counted from 0): replace it, or leave the row out"
        )
