"""`dataset=arrays`: arrays in a .npz file of the user's own."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from gridwright.datasets.array_checks import (
    check_pair,
    check_task,
    plain_samples,
    plain_targets,
)
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
    if path.is_dir():
        raise DatasetError(f"{path} is a folder, and dataset=arrays reads one .npz file: name it")
    if not path.is_file():
        raise DatasetError(f"there is no file {path}: check dataset.path")
    names = array_names(path)
    pair = (
        text_option("samples", options.get("samples")),
        text_option("target", options.get("target")),
    )
    samples, target = _pair(path, names, pair)
    test = next((both for both in _TEST if set(both) <= set(names)), None)
    used = [(samples, target), *([] if test is None else [test])]
    together = [*chain(*used)]
    parts = [_part(path, pair, together) for pair in used]
    task, why = _task(options.get("task"), parts[0][1])
    tests = None if test is None else (test[1], parts[1][1])
    check_task(path, task, (target, parts[0][1]), tests)
    notes = [f"samples {samples!r}, targets {target!r}; task: {task} ({why})"]
    if test is not None:
        notes.append(f"{test[0]!r} and {test[1]!r} of the file are the test part")
    unused = [name for name in names if name not in together]
    if unused:
        notes.append(f"not used: {', '.join(map(repr, unused))}")
    return _named(path, settings.name, task, parts, notes)


def _part(path: Path, pair: tuple[str, str], together: Sequence[str]) -> tuple[Array, Array]:
    """Return the samples and targets of these names, checked."""
    arrays = read_npz(path, pair, together=together)
    x = plain_samples(path, pair[0], arrays[0])
    y = plain_targets(path, pair[1], arrays[1])
    check_pair(path, (pair[0], x), (pair[1], y))
    return x, y


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


def _task(given: object, y: Array) -> tuple[Task, str]:
    task = choice_option("task", given, ("classification", "regression"))
    if task is not None:
        return cast("Task", task), "set by dataset.task"
    if y.ndim > 1:
        return "regression", "several targets"
    if y.dtype.kind == "f":
        return "regression", f"the targets are of type {y.dtype}; dataset.task sets another"
    distinct = len(np.unique(y))
    if y.dtype.kind in "iu" and distinct > MOST_NUMBERED_CLASSES and 20 * distinct > len(y):
        return "regression", f"{distinct} different whole numbers; dataset.task sets another"
    return "classification", f"{distinct} different labels; dataset.task sets another"
