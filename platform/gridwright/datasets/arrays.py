"""`dataset=arrays`: arrays in a .npz file of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from gridwright.datasets.array_files import array_names, read_npz
from gridwright.datasets.dataset import Dataset
from gridwright.datasets.names import readable_name
from gridwright.datasets.settings import choice_option, text_option
from gridwright.datasets.targets import MOST_NUMBERED_CLASSES
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array, Task
    from gridwright.datasets.settings import DatasetSettings

#: Names by which samples and targets are found, in this order.
_PAIRS = (
    ("x_train", "y_train"),
    ("x", "y"),
    ("X", "y"),
    ("X", "Y"),
    ("X_train", "y_train"),
    ("data", "target"),
    ("data", "labels"),
    ("images", "labels"),
    ("train_images", "train_labels"),
    ("features", "targets"),
    ("arr_0", "arr_1"),
)
_TEST = (
    ("x_test", "y_test"),
    ("X_test", "y_test"),
    ("test_images", "test_labels"),
)


def read(settings: DatasetSettings) -> Dataset:
    """Return the data set in the .npz file that `dataset.path` names.

    Raises:
        DatasetError: the file is absent, damaged, pickled, or its arrays do not fit each other.
    """
    options = settings.options
    given = text_option("path", options.get("path"))
    if given is None:
        raise DatasetError(
            "dataset=arrays needs a file: set dataset.path, such as dataset.path=my.npz"
        )
    path = Path(given).expanduser()
    if not path.is_file():
        raise DatasetError(f"there is no file {path}: check dataset.path")
    names = array_names(path)
    pair = (
        text_option("samples", options.get("samples")),
        text_option("target", options.get("target")),
    )
    samples, target = _pair(path, names, pair)
    test = next((both for both in _TEST if set(both) <= set(names)), None)
    arrays = read_npz(path, [samples, target, *(test or ())])
    parts = [(x, _flat(y)) for x, y in zip(arrays[::2], arrays[1::2], strict=True)]
    for name, x in zip((samples, *(test or ())[:1]), arrays[::2], strict=True):
        _check_samples(path, name, x)
    task, why = _task(options.get("task"), parts[0][1])
    y = parts[0][1]
    if task == "regression" and y.dtype.kind not in "iufb":
        raise DatasetError(f"{path}: a regression needs numbers, and {target!r} holds {y.dtype}")
    notes = [f"samples {samples!r}, targets {target!r}; task: {task} ({why})"]
    if test is not None:
        notes.append(f"{test[0]!r} and {test[1]!r} of the file are the test part")
    return _named(path, settings.name, task, parts, notes)


def _named(
    path: Path, name: str | None, task: Task, parts: Sequence[tuple[Array, Array]], notes: list[str]
) -> Dataset:
    from dataclasses import replace

    dataset = Dataset.of_arrays(
        name or readable_name(path),
        task,
        parts[0],
        parts[1] if len(parts) > 1 else None,
        source=str(path.absolute()),
    )
    return replace(dataset, notes=tuple(notes))


def _pair(
    path: Path, names: Sequence[str], given: tuple[str | None, str | None]
) -> tuple[str, str]:
    for key, name in zip(("samples", "target"), given, strict=True):
        if name is not None and name not in names:
            raise DatasetError(
                f"{path} has no array {name!r}, which dataset.{key} names: it holds "
                f"{', '.join(names)}"
            )
    found = next((pair for pair in _PAIRS if set(pair) <= set(names)), None)
    samples, target = given
    if samples is not None and target is not None:
        return samples, target
    if found is None:
        raise DatasetError(
            f"{path} holds the arrays {', '.join(names)}, and none of the usual pairs such as x "
            "and y: set dataset.samples and dataset.target to two of them"
        )
    return samples or found[0], target or found[1]


def _check_samples(path: Path, name: str, x: Array) -> None:
    if x.dtype.kind not in "iufb":
        raise DatasetError(
            f"{path}: the samples must be numbers, but the array {name!r} holds {x.dtype}"
        )


def _flat(y: Array) -> Array:
    """Return targets `(n, 1)` as `(n,)`."""
    return y.reshape(-1) if y.ndim == 2 and y.shape[1] == 1 else y


def _task(given: object, y: Array) -> tuple[Task, str]:
    task = choice_option("task", given, ("classification", "regression"))
    if task is not None:
        return cast("Task", task), "set by dataset.task"
    if y.ndim > 1:
        return "regression", "several targets"
    if y.dtype.kind == "f":
        return "regression", "the targets are numbers with fractions; dataset.task sets another"
    distinct = len(np.unique(y))
    if y.dtype.kind in "iu" and distinct > MOST_NUMBERED_CLASSES and 20 * distinct > len(y):
        return "regression", f"{distinct} different whole numbers; dataset.task sets another"
    return "classification", f"{distinct} different labels; dataset.task sets another"
