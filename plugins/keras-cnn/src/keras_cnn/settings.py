"""The parameters of a training besides architecture, optimizer and loss: their rules.

early_stopping: {patience: 5}    # and more of Keras's own arguments
class_weight: balanced           # or {label: weight}
precision: mixed_bfloat16
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gridwright.contract import Problem
from gridwright.errors import ConfigurationError, unknown_name
from keras_cnn.keras_names import PRECISIONS
from keras_cnn.requirements import NOT_NEGATIVE, TRUTH, WHOLE, one_of

if TYPE_CHECKING:
    from gridwright.contract import DataDescription

_MONITORED = ("loss", "score", "val_loss", "val_score")
EARLY_STOPPING = {
    "monitor": one_of("quantity", _MONITORED),
    "patience": WHOLE,
    "min_delta": NOT_NEGATIVE,
    "start_from_epoch": WHOLE,
    "restore_best_weights": TRUTH,
}
_PRECISION = one_of("precision", PRECISIONS)
BALANCED = "balanced"


def check(parameters: Mapping[str, Any], data: DataDescription) -> list[Problem]:
    """Return every problem of these parameters."""
    problems = _early_stopping(parameters.get("early_stopping"))
    problems += _class_weight(parameters.get("class_weight"), data)
    objection = _PRECISION.objection(parameters.get("precision", "float32"))
    return [*problems, Problem("precision", objection)] if objection else problems


def keras_early_stopping(
    settings: Mapping[str, Any] | None, *, validated: bool
) -> dict[str, Any] | None:
    """Return the arguments of Keras's `EarlyStopping`; it watches `val_loss` where there is one.

    Raises:
        ConfigurationError: it is to watch a validation part that is not there.
    """
    if settings is None:
        return None
    monitor = settings.get("monitor") or ("val_loss" if validated else "loss")
    if monitor.startswith("val_") and not validated:
        raise ConfigurationError(
            f"early_stopping.monitor is {monitor!r}, but there is no validation part: "
            "take loss or score"
        )
    mode = "max" if monitor.endswith("score") else "min"
    return {**settings, "monitor": monitor, "mode": mode}


def _early_stopping(settings: Any) -> list[Problem]:
    if settings is None:
        return []
    if not isinstance(settings, Mapping):
        text = f"must be null or a mapping such as {{patience: 5}}, but got {settings!r}"
        return [Problem("early_stopping", text)]
    problems = []
    for name, value in settings.items():
        rule = EARLY_STOPPING.get(name)
        found = (
            rule.objection(value)
            if rule
            else unknown_name("argument of early_stopping", name, EARLY_STOPPING)
        )
        if found:
            problems.append(Problem(f"early_stopping.{name}", found))
    return problems


def _class_weight(weights: Any, data: DataDescription) -> list[Problem]:
    if weights is None:
        return []
    if data.task != "classification":
        return [Problem("class_weight", "is for classes, and this is a regression: leave it null")]
    if weights == BALANCED:
        return []
    if not isinstance(weights, Mapping) or not weights:
        text = f"must be null, balanced, or a mapping of labels to weights, but got {weights!r}"
        return [Problem("class_weight", text)]
    labels = {str(label) for label in data.classes}
    problems = []
    for label, weight in weights.items():
        found = (
            NOT_NEGATIVE.objection(weight)
            if str(label) in labels
            else unknown_name("class", label, labels)
        )
        if found:
            problems.append(Problem(f"class_weight.{label}", found))
    return problems
