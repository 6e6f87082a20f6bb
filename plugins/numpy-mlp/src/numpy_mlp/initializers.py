"""Initial weights. Biases start at zero."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from numpy_mlp.notation import Choice, check_number, choose

if TYPE_CHECKING:
    import numpy as np

    from gridwright.contract import Array


class Initializer(Choice):
    """Normally distributed weights with mean 0; a subclass gives the standard deviation."""

    kind = "initializer"

    @abstractmethod
    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return the standard deviation of the weights of a layer `(fan_in, fan_out)`."""

    def fill(self, weight: Array, rng: np.random.Generator) -> None:
        """Draw a layer's weights `(fan_in, fan_out)`, in place.

        Drawn in float64, so that a float32 network starts where a float64 one does.
        """
        weight[...] = rng.standard_normal(weight.shape) * self.deviation(*weight.shape)


@dataclass(frozen=True)
class Normal(Initializer):
    """The paper's: a standard normal draw multiplied by beta (section 3.1)."""

    beta: float = 0.1

    def __post_init__(self) -> None:
        check_number("initializer Normal: beta", self.beta, 0.0)

    def deviation(self, fan_in: int, fan_out: int) -> float:  # noqa: ARG002  # fixed signature
        """Return beta, whatever the size of the layer."""
        return self.beta


@dataclass(frozen=True)
class He(Initializer):
    """sqrt(2 / fan_in): keeps the variance of ReLU layers (He et al. 2015, arXiv:1502.01852)."""

    def deviation(self, fan_in: int, fan_out: int) -> float:  # noqa: ARG002  # fixed signature
        """Return sqrt(2 / fan_in)."""
        return math.sqrt(2.0 / fan_in)


@dataclass(frozen=True)
class Glorot(Initializer):
    """sqrt(2 / (fan_in + fan_out)): for tanh and sigmoid layers (Glorot and Bengio 2010)."""

    def deviation(self, fan_in: int, fan_out: int) -> float:
        """Return sqrt(2 / (fan_in + fan_out))."""
        return math.sqrt(2.0 / (fan_in + fan_out))


INITIALIZERS: Final[dict[str, type[Initializer]]] = {"Normal": Normal, "He": He, "Glorot": Glorot}


def initializer(wanted: object, beta: float) -> Initializer:
    """Return the initializer that `wanted` stands for; `beta` is for a `Normal` without its own."""
    return choose("initializer", INITIALIZERS, wanted, beta=beta)
