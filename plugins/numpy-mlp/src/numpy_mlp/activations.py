"""Activation functions of the hidden layers: sigma of eqs. 2 and 4 of the paper, and sigma'.

All four have a derivative that can be told from their output alone, so that the input `z` need
not be kept: `backward` gets the output and multiplies `delta` by sigma'(z), in place (eq. 9).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from numpy_mlp.notation import Choice, check_number, choose

if TYPE_CHECKING:
    from gridwright.contract import Array


class Activation(Choice):
    """An elementwise function and its derivative; subclass it to bring your own.

    Shapes: `z`, `out`, `output`, `delta` are `(batch, fan_out)`, or for networks that are trained
    `together` `(models, fan_out, batch)`. Rows of `out` and `output` may
    lie apart in memory (not contiguous).
    """

    kind = "activation"
    #: True where the derivative needs the input: `backward` then finds it in `z`.
    needs_input: ClassVar[bool] = False

    @abstractmethod
    def forward(self, z: Array, out: Array) -> None:
        """Write sigma(z) into `out`; `z` may be used as scratch unless `needs_input`."""

    @abstractmethod
    def backward(self, output: Array, delta: Array, z: Array) -> None:
        """Multiply `delta` by sigma'(z), in place; `output` = sigma(z) may be used as scratch.

        `z` holds the input if `needs_input` is set, else it is scratch of the same shape.
        """


@dataclass(frozen=True)
class Sigmoid(Activation):
    """sigma(z) = 1 / (1 + exp(-z)); sigma' = sigma (1 - sigma)."""

    def forward(self, z: Array, out: Array) -> None:
        """Write the logistic function of `z` into `out`, by tanh: it cannot overflow."""
        np.multiply(z, 0.5, out=z)
        np.tanh(z, out=z)
        np.multiply(z, 0.5, out=z)
        np.add(z, 0.5, out=out)

    def backward(self, output: Array, delta: Array, z: Array) -> None:  # fixed signature
        """Multiply `delta` by sigma (1 - sigma)."""
        np.multiply(delta, output, out=delta)
        np.subtract(1.0, output, out=z)
        np.multiply(delta, z, out=delta)


@dataclass(frozen=True)
class Tanh(Activation):
    """sigma(z) = tanh(z); sigma' = 1 - sigma^2."""

    def forward(self, z: Array, out: Array) -> None:
        """Write tanh(z) into `out`."""
        np.tanh(z, out=out)

    def backward(self, output: Array, delta: Array, z: Array) -> None:  # fixed signature
        """Multiply `delta` by 1 - sigma^2."""
        np.multiply(output, output, out=z)
        np.subtract(1.0, z, out=z)
        np.multiply(delta, z, out=delta)


@dataclass(frozen=True)
class ReLU(Activation):
    """sigma(z) = max(z, 0); sigma' = 1 where z > 0, else 0 (also at 0)."""

    def forward(self, z: Array, out: Array) -> None:
        """Write max(z, 0) into `out`."""
        # A row of zeros: numpy's maximum is twice as fast between arrays as with a number.
        np.maximum(z, np.zeros(z.shape[-1], z.dtype), out=out)

    def backward(self, output: Array, delta: Array, z: Array) -> None:  # noqa: ARG002  # fixed signature
        """Set `delta` to 0 where the output is 0."""
        np.multiply(delta, output > 0.0, out=delta)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """sigma(z) = z where z > 0, else slope * z; sigma' = 1 or slope.

    Attributes:
        slope: between 0 and 1, so that the output tells on which side of 0 its input was.
    """

    slope: float = 0.01

    def __post_init__(self) -> None:
        check_number("activation LeakyReLU: slope", self.slope, 0.0, 1.0)

    def forward(self, z: Array, out: Array) -> None:
        """Write max(z, slope * z) into `out`."""
        np.multiply(z, self.slope, out=out)
        np.maximum(z, out, out=out)

    def backward(self, output: Array, delta: Array, z: Array) -> None:  # fixed signature
        """Multiply `delta` by the slope where the output is not positive."""
        np.greater(output, 0.0, out=z)
        np.maximum(z, np.full(z.shape[-1], self.slope, z.dtype), out=z)
        np.multiply(delta, z, out=delta)


#: The paper's listings spell it both ways.
ReLu = ReLU
LeakyReLu = LeakyReLU

ACTIVATIONS: Final[dict[str, type[Activation]]] = {
    "Sigmoid": Sigmoid,
    "Tanh": Tanh,
    "ReLU": ReLU,
    "LeakyReLU": LeakyReLU,
}


def activation(wanted: object) -> Activation:
    """Return the activation that `wanted` stands for (see `notation.choose`)."""
    return choose("activation", ACTIVATIONS, wanted)
