"""Hyperparameters: every rule on their values, for `fit` and for a sweep's preflight."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from numpy_mlp.activations import Activation, activation
from numpy_mlp.errors import ParameterError
from numpy_mlp.initializers import Initializer, initializer
from numpy_mlp.losses import MSE, CrossEntropy, Loss, loss
from numpy_mlp.notation import check_number
from numpy_mlp.optimizers import LBFGS, optimizer
from numpy_mlp.schedules import schedule
from numpy_mlp.training import Plan

if TYPE_CHECKING:
    from gridwright.contract import Task


@dataclass(frozen=True)
class Settings:
    """Checked hyperparameters, names and notations resolved.

    Attributes:
        hidden: units of each hidden layer.
        activation: of every hidden layer.
        initializer: of the weights.
        loss: to minimise.
        alpha: weight of the penalty.
        dropout: probability with which a hidden unit is left out.
        dtype: of parameters and training.
        threads: that BLAS may use, None for as many as it has.
        plan: how to train.
    """

    hidden: tuple[int, ...]
    activation: Activation
    initializer: Initializer
    loss: Loss
    alpha: float
    dropout: float
    dtype: np.dtype[Any]
    threads: int | None
    plan: Plan


def _is_int(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _whole(low: int, *, none: str = "") -> Callable[[object], str | None]:
    def rule(value: object) -> str | None:
        if (none and value is None) or (_is_int(value) and value >= low):  # type: ignore[operator]  # an int
            return None
        return f"must be a whole number of at least {low}{none}, but got {value!r}"

    return rule


def _real(
    low: float, high: float = math.inf, *, above: bool = False, below: bool = False
) -> Callable[[object], str | None]:
    def rule(value: object) -> str | None:
        try:
            check_number("it", value, low, high, above=above, below=below)
        except ParameterError as error:
            return str(error).removeprefix("it ")
        return None

    return rule


def _hidden(value: object) -> str | None:
    sizes = [value] if _is_int(value) else value
    if (
        isinstance(sizes, Sequence | np.ndarray)
        and not isinstance(sizes, str)
        and all(_is_int(size) and size >= 1 for size in sizes)
    ):
        return None
    return f"must be a list of whole numbers of at least 1, such as [10, 10, 5], but got {value!r}"


def _dtype(value: object) -> str | None:
    try:
        known = np.dtype(value) in (np.float32, np.float64)  # type: ignore[call-overload]  # checked here
    except TypeError:
        known = False
    return None if known else f"must be float32 or float64, but got {value!r}"


def _choice(build: Callable[[object], object]) -> Callable[[object], str | None]:
    def rule(value: object) -> str | None:
        try:
            build(value)
        except ParameterError as error:
            return str(error)
        return None

    return rule


def _loss(value: object) -> str | None:
    return None if value is None else _choice(loss)(value)


#: The rule of each hyperparameter: None for a good value, else what it must be and what came.
RULES: Final[dict[str, Callable[[object], str | None]]] = {
    "hidden_layer": _hidden,
    "activation": _choice(activation),
    "epoch": _whole(1),
    "eta": _real(0.0, above=True),
    "beta": _real(0.0),
    "alpha": _real(0.0),
    "mu": _real(0.0, 1.0, below=True),
    "batch_size": _whole(1, none=", or null for all samples at once"),
    "optimizer": _choice(lambda value: optimizer(value, 0.0)),
    "loss": _loss,
    "initializer": _choice(lambda value: initializer(value, 0.0)),
    "dropout": _real(0.0, 1.0, below=True),
    "schedule": _choice(schedule),
    "patience": _whole(1, none=", or null for never"),
    "tolerance": _real(0.0),
    "dtype": _dtype,
    "threads": _whole(1, none=", or null for as many as BLAS has"),
}


def problems(parameters: Mapping[str, Any], task: Task) -> list[tuple[str, str]]:
    """Return (name, what is wrong with it) for every value that breaks its rule."""
    found = []
    for name, value in parameters.items():
        message = RULES[name](value)
        if message is not None:
            found.append((name, message))
    bad = {name for name, _ in found}
    if not {"loss"} & bad and task == "regression" and _loss_is_for_classes(parameters):
        found.append(
            (
                "loss",
                "CrossEntropy is for classes; for a regression take MSE, MAE or EpsilonInsensitive",
            )
        )
    if not {"optimizer", "dropout"} & bad and _dropout_in_lbfgs(parameters):
        found.append(
            (
                "dropout",
                "must be 0 with optimizer LBFGS, whose line search needs one fixed function",
            )
        )
    return found


def _loss_is_for_classes(parameters: Mapping[str, Any]) -> bool:
    wanted = parameters.get("loss")
    return wanted is not None and loss(wanted).for_classes_only


def _dropout_in_lbfgs(parameters: Mapping[str, Any]) -> bool:
    if not parameters.get("dropout"):
        return False
    return isinstance(optimizer(parameters.get("optimizer", "Momentum"), 0.0), LBFGS)


def resolve(parameters: Mapping[str, Any], task: Task) -> Settings:
    """Return the settings that `parameters` (a value for every rule) stand for.

    Raises:
        ParameterError: every value that breaks its rule, in one sentence each.
    """
    found = problems({name: parameters[name] for name in RULES}, task)
    if found:
        raise ParameterError("; ".join(f"{name}: {message}" for name, message in found))
    hidden = parameters["hidden_layer"]
    default_loss = CrossEntropy() if task == "classification" else MSE()
    return Settings(
        hidden=(int(hidden),) if _is_int(hidden) else tuple(int(size) for size in hidden),
        activation=activation(parameters["activation"]),
        initializer=initializer(parameters["initializer"], float(parameters["beta"])),
        loss=default_loss if parameters["loss"] is None else loss(parameters["loss"]),
        alpha=float(parameters["alpha"]),
        dropout=float(parameters["dropout"]),
        dtype=np.dtype(parameters["dtype"]),
        threads=parameters["threads"],
        plan=_plan(parameters),
    )


def _plan(parameters: Mapping[str, Any]) -> Plan:
    batch_size = parameters["batch_size"]
    return Plan(
        epochs=int(parameters["epoch"]),
        batch_size=np.iinfo(np.int64).max if batch_size is None else int(batch_size),
        eta=float(parameters["eta"]),
        optimizer=optimizer(parameters["optimizer"], float(parameters["mu"])),
        schedule=schedule(parameters["schedule"]),
        patience=parameters["patience"],
        tolerance=float(parameters["tolerance"]),
    )
