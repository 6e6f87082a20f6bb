"""The paper's multi-layer perceptron, from scratch in numpy: a Gridwright model plugin.

    from numpy_mlp import MLP, MLPGridSearch, ReLU

Nothing heavy is imported until a name is used, so that installing the package does not slow down
a command line that only lists it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy_mlp.activations import (
        Activation,
        LeakyReLU,
        LeakyReLu,
        ReLU,
        ReLu,
        Sigmoid,
        Tanh,
    )
    from numpy_mlp.estimators import MLPClassifier, MLPRegressor
    from numpy_mlp.grid_search import MLPGridSearch
    from numpy_mlp.mlp import MLP
    from numpy_mlp.model_files import load_model

__all__ = [
    "MLP",
    "Activation",
    "LeakyReLU",
    "LeakyReLu",
    "MLPClassifier",
    "MLPGridSearch",
    "MLPRegressor",
    "ReLU",
    "ReLu",
    "Sigmoid",
    "Tanh",
    "load_model",
]

_HOMES = {
    "MLP": "mlp",
    "Activation": "activations",
    "LeakyReLU": "activations",
    "LeakyReLu": "activations",
    "MLPClassifier": "estimators",
    "MLPGridSearch": "grid_search",
    "MLPRegressor": "estimators",
    "ReLU": "activations",
    "ReLu": "activations",
    "Sigmoid": "activations",
    "Tanh": "activations",
    "load_model": "model_files",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'numpy_mlp' has no attribute {name!r}")
    return getattr(import_module(f"numpy_mlp.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
