"""Learning-rate schedules: Keras's own by class name, with durations counted in epochs.

    learning_rate: {name: CosineDecay, initial_learning_rate: 0.001}

Keras counts steps of the optimizer, which a sweep over `batch_size` would change; so `decay_steps`
is `decay_epochs` here, and so on. `decay_epochs` defaults to the whole training.
"""

from __future__ import annotations

from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keras_cnn import runtime
from keras_cnn.requirements import (
    NOT_NEGATIVE,
    NUMBERS_ABOVE_0,
    POSITIVE,
    SHARE,
    TRUTH,
    Requirement,
    optional,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_RATE = {"initial_learning_rate": POSITIVE}
_DECAY = {**_RATE, "decay_epochs": optional(POSITIVE)}
_BY_RATE = {**_DECAY, "decay_rate": POSITIVE, "staircase": TRUTH}

#: Keras's class name -> its arguments, with epochs in place of steps.
SCHEDULES: Mapping[str, Mapping[str, Requirement]] = MappingProxyType(
    {
        "CosineDecay": {
            **_DECAY,
            "alpha": SHARE,
            "warmup_target": optional(POSITIVE),
            "warmup_epochs": NOT_NEGATIVE,
        },
        "CosineDecayRestarts": {
            **_RATE,
            "first_decay_epochs": POSITIVE,
            "t_mul": POSITIVE,
            "m_mul": POSITIVE,
            "alpha": SHARE,
        },
        "ExponentialDecay": _BY_RATE,
        "InverseTimeDecay": _BY_RATE,
        "PiecewiseConstantDecay": {"boundary_epochs": NUMBERS_ABOVE_0, "values": NUMBERS_ABOVE_0},
        "PolynomialDecay": {
            **_DECAY,
            "end_learning_rate": NOT_NEGATIVE,
            "power": POSITIVE,
            "cycle": TRUTH,
        },
    }
)
#: Arguments that have no default.
REQUIRED = MappingProxyType(
    {
        "CosineDecay": ("initial_learning_rate",),
        "CosineDecayRestarts": ("initial_learning_rate", "first_decay_epochs"),
        "ExponentialDecay": ("initial_learning_rate", "decay_rate"),
        "InverseTimeDecay": ("initial_learning_rate", "decay_rate"),
        "PiecewiseConstantDecay": ("boundary_epochs", "values"),
        "PolynomialDecay": ("initial_learning_rate",),
    }
)
_IN_STEPS = {
    "decay_epochs": "decay_steps",
    "first_decay_epochs": "first_decay_steps",
    "warmup_epochs": "warmup_steps",
    "boundary_epochs": "boundaries",
}


def schedule(choice: Mapping[str, Any], *, epochs: int, steps_per_epoch: int) -> Any:
    """Return Keras's schedule, in steps of the optimizer.

    Args:
        choice: checked: `name` and arguments.
        epochs: of the whole training.
        steps_per_epoch: batches in an epoch.
    """
    given = {name: value for name, value in choice.items() if name != "name"}
    rules = SCHEDULES[choice["name"]]
    if "decay_epochs" in rules and given.get("decay_epochs") is None:
        given["decay_epochs"] = max(epochs - given.get("warmup_epochs", 0), 1 / steps_per_epoch)
    arguments = {
        _IN_STEPS.get(name, name): _steps(value, steps_per_epoch) if name in _IN_STEPS else value
        for name, value in given.items()
    }
    return getattr(runtime.keras().optimizers.schedules, choice["name"])(**arguments)


def objection(choice: Mapping[str, Any]) -> str | None:
    """Return one sentence if arguments that are good alone do not go together."""
    if choice["name"] == "PiecewiseConstantDecay":
        boundaries, values = choice["boundary_epochs"], choice["values"]
        if len(values) != len(boundaries) + 1 or list(boundaries) != sorted(boundaries):
            return (
                "PiecewiseConstantDecay needs rising boundary_epochs and one value more than "
                f"them, but got {boundaries!r} and {values!r}"
            )
    return None


def _steps(epochs: Any, steps_per_epoch: int) -> Any:
    if isinstance(epochs, list | tuple):
        return [ceil(epoch * steps_per_epoch) for epoch in epochs]
    return ceil(epochs * steps_per_epoch)
