"""Keras layers and optimizers as entries of a configuration, which a search can send and store."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from gridwright.errors import ConfigurationError
from keras_cnn import runtime
from keras_cnn.keras_names import OPTIMIZER_CLASSES, OPTIMIZERS
from keras_cnn.layers import LAYERS

#: Keras's own defaults of every layer, which an entry need not repeat.
_EVERY_LAYER = ("name", "dtype", "seed")


def of_layer(layer: Any) -> Any:
    """Return the entry of a Keras layer; an entry is returned as it is.

    Raises:
        ConfigurationError: the layer, or an argument of it, has no name in a configuration.
    """
    if not hasattr(layer, "get_config"):
        return layer
    name = type(layer).__name__
    if name not in LAYERS:
        raise ConfigurationError(
            f"the layer {name} cannot be part of a search: choose one of "
            f"{', '.join(sorted(LAYERS))}, or train it with CNN"
        )
    given = _given(layer, name)
    rules = LAYERS[name].arguments
    unknown = sorted(set(given) - set(rules))
    if unknown:
        raise ConfigurationError(
            f"the argument {unknown[0]} of {name} cannot be part of a search: choose among "
            f"{', '.join(sorted(rules))}, or train the layer with CNN"
        )
    return {"layer": name, **given}


def of_optimizer(choice: Any) -> Any:
    """Return the name and arguments of a Keras optimizer; anything else is returned as it is.

    Raises:
        ConfigurationError: a schedule or an argument that has no name in a configuration.
    """
    if not hasattr(choice, "get_config"):
        return choice
    name = next(
        (name for name, kind in OPTIMIZER_CLASSES.items() if kind == type(choice).__name__), None
    )
    if name is None:
        raise ConfigurationError(
            f"the optimizer {type(choice).__name__} cannot be part of a search: choose one of "
            f"{', '.join(sorted(OPTIMIZERS))}"
        )
    given, default = choice.get_config(), type(choice)().get_config()
    arguments = {
        argument: _plain(value)
        for argument, value in given.items()
        if argument in OPTIMIZERS[name] and not _same(value, default.get(argument))
    }
    if isinstance(given["learning_rate"], dict):
        raise ConfigurationError(
            "a schedule object cannot be part of a search: give CNNGridSearch "
            "learning_rate={'name': 'CosineDecay', ...}"
        )
    return {"name": name, **arguments} if arguments else name


def _given(layer: Any, name: str) -> dict[str, Any]:
    """Return the arguments that differ from the defaults, in plain values."""
    config = layer.get_config()
    required = {argument: config[argument] for argument in LAYERS[name].required}
    default = type(layer)(**{k: _tuple(v) for k, v in required.items()}).get_config()
    return {
        argument: _named(argument, value)
        for argument, value in config.items()
        if argument not in _EVERY_LAYER
        and (argument in required or not _same(value, default.get(argument)))
    }


def _named(argument: str, value: Any) -> Any:
    """Return the name of a serialised initializer or regularizer that has its defaults."""
    if argument.endswith("factor") and isinstance(value, list | tuple) and value[0] == -value[1]:
        return _plain(value[1])  # Keras writes the range that one number means
    if not isinstance(value, dict):
        return _plain(value)
    keras = runtime.keras()
    kind = keras.regularizers if argument.endswith("regularizer") else keras.initializers
    made = kind.deserialize(value)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(made).__name__).lower()
    if _numbers(type(made)().get_config()) != _numbers(made.get_config()):
        raise ConfigurationError(
            f"{argument}={name} with arguments of its own cannot be part of a search: "
            "train the layer with CNN"
        )
    return name


def _numbers(config: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in config.items() if name != "seed"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, float):
        # A float32 of Keras's, as it was typed: 0.001, not 0.0010000000474974513.
        return float(f"{value:.7g}")
    return value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _same(value: Any, other: Any) -> bool:
    return bool(_plain(value) == _plain(other))
