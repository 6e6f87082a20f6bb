"""The parameters of a CNN, checked against each other and the data without importing Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridwright.contract import DataDescription, Problem
from gridwright.errors import unknown_name
from keras_cnn import architecture, keras_names, schedules, settings
from keras_cnn.requirements import POSITIVE, POSITIVE_WHOLE, Requirement

#: The paper's parameters, and more of Keras's. `task` and `verbose` are not part of a trial.
NAMES = (
    "architecture",
    "epochs",
    "batch_size",
    "optimizer",
    "learning_rate",
    "loss",
    "metrics",
    "early_stopping",
    "class_weight",
    "precision",
)
_REQUIRED = ("architecture",)
_NUMBERS = {
    "epochs": POSITIVE_WHOLE,
    "batch_size": POSITIVE_WHOLE,
}

_RATE = Requirement(
    "a number above 0, null, or a schedule such as "
    "{name: CosineDecay, initial_learning_rate: 0.001}",
    lambda value: value is None or POSITIVE.accepts(value),
)


def check(parameters: Mapping[str, Any], data: DataDescription) -> list[Problem]:
    """Return every problem of the parameters on such data; [] means that they can run."""
    problems = [
        Problem(name, unknown_name("parameter", name, NAMES))
        for name in parameters
        if name not in NAMES
    ]
    problems += [Problem(name, "is missing") for name in _REQUIRED if name not in parameters]
    for name, rule in _NUMBERS.items():
        objection = rule.objection(parameters[name]) if name in parameters else None
        if objection:
            problems.append(Problem(name, objection))
    problems += _learning_rate(parameters.get("learning_rate"))
    problems += _optimizer(parameters)
    problems += _named("loss", parameters.get("loss"), _losses(data.task))
    problems += _metrics(parameters.get("metrics", ()), data.task, parameters.get("loss"))
    problems += settings.check(parameters, data)
    if "architecture" in parameters:
        problems += _architecture(parameters["architecture"], data)
    return problems


def _architecture(entries: Any, data: DataDescription) -> list[Problem]:
    layers, problems = architecture.read(entries)
    misfit = None if problems else architecture.check(layers, data)
    return [misfit] if misfit else problems


def _learning_rate(rate: Any) -> list[Problem]:
    if not isinstance(rate, Mapping):
        objection = None if _is_keras_object(rate) else _RATE.objection(rate)
        return [Problem("learning_rate", objection)] if objection else []
    problems = _named("learning_rate", rate, schedules.SCHEDULES, "schedule")
    name = rate.get("name")
    if not problems:
        problems = [
            Problem(f"learning_rate.{argument}", f"{name} needs it")
            for argument in schedules.REQUIRED[str(name)]
            if argument not in rate
        ]
    objection = None if problems else schedules.objection(rate)
    return [*problems, Problem("learning_rate", objection)] if objection else problems


def _optimizer(parameters: Mapping[str, Any]) -> list[Problem]:
    choice = parameters.get("optimizer", "adam")
    if choice is None:
        return [Problem("optimizer", unknown_name("optimizer", None, keras_names.OPTIMIZERS))]
    problems = _named("optimizer", choice, keras_names.OPTIMIZERS)
    own_rate = isinstance(choice, Mapping) and "learning_rate" in choice
    if parameters.get("learning_rate") is not None and (own_rate or _is_keras_object(choice)):
        problems.append(
            Problem("learning_rate", "is given twice: here and in the optimizer; drop one")
        )
    return problems


def _named(
    parameter: str,
    choice: Any,
    options: Mapping[str, Mapping[str, Requirement]],
    kind: str | None = None,
) -> list[Problem]:
    """Check a name of Keras, alone or in a mapping with its arguments; None is the default."""
    kind = kind or parameter
    if choice is None or _is_keras_object(choice):
        return []
    entry = {"name": choice} if isinstance(choice, str) else choice
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        return [
            Problem(parameter, f"must be a name or a mapping with one, but got {choice!r}"),
        ]
    name = entry["name"] if entry["name"] in options else entry["name"].lower()
    if name not in options:
        return [Problem(parameter, unknown_name(kind, entry["name"], options))]
    problems = []
    for argument, value in entry.items():
        if argument == "name":
            continue
        rule = options[name].get(argument)
        text = (
            rule.objection(value)
            if rule
            else unknown_name(f"argument of {name}", argument, options[name])
        )
        if text:
            problems.append(Problem(f"{parameter}.{argument}", text))
    return problems


def _losses(task: str) -> dict[str, Mapping[str, Requirement]]:
    losses: dict[str, Mapping[str, Requirement]] = dict(keras_names.LOSSES[task])
    return losses | {alias: losses[name] for alias, name in keras_names.LOSS_ALIASES.items()}


def _metrics(metrics: Any, task: str, loss: Any) -> list[Problem]:
    if not isinstance(metrics, list | tuple):
        return [Problem("metrics", f"must be a list of names, but got {metrics!r}")]
    options = keras_names.metrics(task, loss)
    return [
        Problem(f"metrics.{position}", unknown_name("metric", metric, options))
        for position, metric in enumerate(metrics)
        if not _is_keras_object(metric) and (not isinstance(metric, str) or metric not in options)
    ]


def _is_keras_object(choice: Any) -> bool:
    return hasattr(choice, "get_config")
