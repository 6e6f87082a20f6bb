"""The function of the output layer, chosen by the task: softmax for classes, none for numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gridwright.contract import Array


class Output(ABC):
    """The last layer's function and how a gradient passes back through it.

    Shapes: `z`, `output`, `delta` are `(batch, n_outputs)`; fastest in Fortran order.
    """

    @abstractmethod
    def forward(self, z: Array) -> None:
        """Replace `z` by the output, in place."""

    @abstractmethod
    def backward(self, output: Array, delta: Array) -> None:
        """Turn `delta` from dJ/dyhat into dJ/dz, in place."""


class Linear(Output):
    """yhat = z, for a regression."""

    def forward(self, z: Array) -> None:
        """Leave `z` as it is."""

    def backward(self, output: Array, delta: Array) -> None:
        """Leave `delta` as it is."""


class Softmax(Output):
    """yhat_k = exp(z_k) / sum_j exp(z_j), for a classification.

    The largest z of a row is subtracted first: the result is the same, and exp cannot overflow.
    """

    def forward(self, z: Array) -> None:
        """Replace logits by probabilities."""
        np.subtract(z, np.maximum.reduce(z, axis=1, keepdims=True), out=z)
        np.exp(z, out=z)
        np.divide(z, np.add.reduce(z, axis=1, keepdims=True), out=z)

    def backward(self, output: Array, delta: Array) -> None:
        """Apply the Jacobian: dz_k = yhat_k (d_k - sum_j d_j yhat_j)."""
        inner = np.einsum("ij,ij->i", delta, output)[:, np.newaxis]
        np.subtract(delta, inner, out=delta)
        np.multiply(delta, output, out=delta)
