"""Parameters, checked against scikit-learn's own constraints and the data; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import Problem
from gridwright.errors import unknown_name
from gridwright_sklearn import catalogue
from gridwright_sklearn.argument_rules import argument_problems
from gridwright_sklearn.settings import CALIBRATE, SCALE, Settings

if TYPE_CHECKING:
    from gridwright.contract import DataDescription
    from gridwright_sklearn.catalogue import Entry

NAMES = ("estimator", "params", "scale", "scale_target", "calibrate")
_OPTIONS = {"scale": SCALE, "scale_target": SCALE, "calibrate": CALIBRATE}
_KINDS = {"classification": "classes", "regression": "numbers"}


def problems(parameters: Mapping[str, Any], data: DataDescription) -> list[Problem]:
    """Return every problem of the parameters on such data; [] means that they can run."""
    found = [
        Problem(name, unknown_name("parameter of sklearn", name, NAMES))
        for name in parameters
        if name not in NAMES
    ]
    for name, options in _OPTIONS.items():
        value = parameters.get(name, "auto")
        # 1 equals True, and is not meant by it.
        if not any(type(value) is type(option) and value == option for option in options):
            rule = ", ".join(str(option).lower() for option in options)
            found.append(Problem(name, f"must be one of {rule}, but got {value!r}"))
    if np.dtype(data.dtype).kind not in "biuf":
        rule = "must hold real numbers"
        found.append(Problem("dataset", f"{rule}, but the type of {data.name} is {data.dtype}"))
    choice = _choice(parameters, data)
    if isinstance(choice, Problem):
        return [*found, choice]
    arguments = parameters.get("params", {})
    if not isinstance(arguments, Mapping):
        rule = "must be a mapping of names to values"
        return [*found, Problem("params", f"{rule}, but got {arguments!r}")]
    bad = argument_problems(choice, arguments, data)
    # What an estimator can do may depend on its arguments, so those must be right first.
    return [*found, *bad] if found or bad else _misfits(choice, settings(parameters), data)


def settings(parameters: Mapping[str, Any]) -> Settings:
    """Return parameters that have no problems in their typed form."""
    return Settings(**{"params": {}, **parameters})


def _choice(parameters: Mapping[str, Any], data: DataDescription) -> Entry | Problem:
    """Return the class on the list that `estimator` names, or why there is none."""
    if "estimator" not in parameters:
        return Problem("estimator", "is missing: name a classifier or regressor of scikit-learn")
    name = parameters["estimator"]
    if not isinstance(name, str):
        return Problem("estimator", f"must be the name of an estimator, but got {name!r}")
    entry = catalogue.find(name, data.task)
    if entry is None:
        return Problem("estimator", catalogue.objection(name))
    return _of_other_task(entry, data) or entry


def _of_other_task(entry: Entry, data: DataDescription) -> Problem | None:
    from sklearn.base import is_classifier

    task = "classification" if is_classifier(entry.load()()) else "regression"
    if task == data.task:
        return None
    other = next((pair[data.task] for pair in _families() if pair[task] == entry.name), None)
    remedy = f": use {other}" if other else ""
    return Problem(
        "estimator",
        f"must predict {_KINDS[data.task]} on {data.name}, but {entry.name} predicts "
        f"{_KINDS[task]}{remedy}",
    )


def _families() -> list[dict[Any, str]]:
    return list(catalogue.families().values())


def _misfits(entry: Entry, chosen: Settings, data: DataDescription) -> list[Problem]:
    """Return why an estimator with good arguments cannot learn such data."""
    from sklearn.utils import get_tags

    from gridwright_sklearn import building

    model = building.bare(entry, chosen)
    tags = get_tags(model)
    n_columns = prod(data.sample_shape)
    found = []
    if tags.input_tags.one_d_array and n_columns != 1:
        found.append(f"must take samples of {n_columns} columns, but {entry.name} takes one column")
    if not tags.target_tags.single_output and data.n_outputs == 1:
        found.append(
            f"must predict one target, but {entry.name} is for several: use "
            f"{entry.name.removeprefix('MultiTask')}"
        )
    if data.task == "classification":
        own = hasattr(model, "predict_proba")
        if not own and chosen.calibration(has_probabilities=own) is None:
            found.append(
                f"must give probabilities, but {entry.name} has none with these parameters: set "
                "model.calibrate=auto, which fits them by cross-validation"
            )
    return [Problem("estimator", message) for message in found]
