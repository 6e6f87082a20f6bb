"""Losses: what training minimises, and its gradient at the network's output.

For a batch of `n` samples J = (1/n) sum_i w_i l(y_i, yhat_i), with sample weights w_i of mean 1.
A loss gives the sum of w_i l_i, and the derivative of each l_i by the output; `Network` divides
by n.
Where several outputs are predicted, the elementwise losses are means over the outputs, as in
scikit-learn and Keras.

Shapes: `output`, `target`, `out` are `(batch, n_outputs)`; targets of a classification are
one-hot rows, outputs probabilities.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from numpy_mlp.notation import Choice, check_number, choose

if TYPE_CHECKING:
    from gridwright.contract import Array


_TINY: Final = {char: np.finfo(char).tiny for char in "fd"}


class Loss(Choice):
    """A loss of one prediction, and its derivative by the output."""

    kind = "loss"
    #: True where the output must be a probability.
    for_classes_only: ClassVar[bool] = False
    #: True where `gradient` is already the derivative by the input of the softmax.
    at_logits: ClassVar[bool] = False

    @abstractmethod
    def total(self, output: Array, target: Array, weight: Array | None) -> float:
        """Return sum_i w_i l(y_i, yhat_i); `weight` is `(batch, 1)`, or None for all ones."""

    @abstractmethod
    def gradient(self, output: Array, target: Array, out: Array) -> None:
        """Write dl_i/dyhat_i into `out`, for each row i."""

    def totals(self, output: Array, target: Array, weight: Array | None) -> list[float]:
        """Return `total` of each model: `output` is `(M, batch, n_outputs)`, the others alike."""
        weights = [None] * len(output) if weight is None else weight
        return [
            self.total(own, own_target, own_weight)
            for own, own_target, own_weight in zip(output, target, weights, strict=True)
        ]


def _weighted_mean_over_outputs(losses: Array, weight: Array | None) -> float:
    if weight is not None:
        np.multiply(losses, weight, out=losses)
    return float(losses.sum()) / float(losses.shape[1])


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """l = -sum_k y_k log(yhat_k), for softmax outputs.

    With softmax, the derivative by the logits is yhat - y: what eq. 8 of the paper gives without
    its factor sigma'(z), which belongs to MSE.
    """

    for_classes_only = True
    at_logits = True

    def total(self, output: Array, target: Array, weight: Array | None) -> float:
        """Return the summed cross-entropy; probabilities of 0 count as the smallest number."""
        log = output + _TINY[output.dtype.char]
        np.log(log, out=log)
        if weight is not None:
            np.multiply(log, weight, out=log)
        return -float(np.vdot(target, log))

    def totals(self, output: Array, target: Array, weight: Array | None) -> list[float]:
        """Return the summed cross-entropy of each model."""
        log = output + _TINY[output.dtype.char]
        np.log(log, out=log)
        if weight is not None:
            np.multiply(log, weight, out=log)
        return [
            -float(np.vdot(own_target, own)) for own_target, own in zip(target, log, strict=True)
        ]

    def gradient(self, output: Array, target: Array, out: Array) -> None:
        """Write yhat - y: the derivative by the logits."""
        np.subtract(output, target, out=out)


@dataclass(frozen=True)
class MSE(Loss):
    """l = (y - yhat)^2, eq. 7; derivative 2 (yhat - y).

    Eq. 8 of the paper writes -(y - a) sigma'(z): the same, up to the factor 2 that it drops and
    that a step length would absorb. Here the gradient is exactly that of eq. 7.
    """

    def total(self, output: Array, target: Array, weight: Array | None) -> float:
        """Return the summed squared errors."""
        error = output - target
        np.multiply(error, error, out=error)
        return _weighted_mean_over_outputs(error, weight)

    def gradient(self, output: Array, target: Array, out: Array) -> None:
        """Write 2 (yhat - y)."""
        np.subtract(output, target, out=out)
        np.multiply(out, 2.0 / out.shape[1], out=out)


@dataclass(frozen=True)
class MAE(Loss):
    """l = |y - yhat|, the mean absolute error; its derivative is a sign, 0 at 0."""

    def total(self, output: Array, target: Array, weight: Array | None) -> float:
        """Return the summed absolute errors."""
        error = output - target
        np.abs(error, out=error)
        return _weighted_mean_over_outputs(error, weight)

    def gradient(self, output: Array, target: Array, out: Array) -> None:
        """Write sign(yhat - y)."""
        np.subtract(output, target, out=out)
        np.sign(out, out=out)
        if out.shape[1] > 1:
            np.multiply(out, 1.0 / out.shape[1], out=out)


@dataclass(frozen=True)
class EpsilonInsensitive(Loss):
    """Vapnik's l = max(|y - yhat| - epsilon, 0): errors up to epsilon are free.

    Attributes:
        epsilon: in units of the scaled target (its standard deviations) for a regression.
    """

    epsilon: float = 0.1

    def __post_init__(self) -> None:
        check_number("loss EpsilonInsensitive: epsilon", self.epsilon, 0.0)

    def total(self, output: Array, target: Array, weight: Array | None) -> float:
        """Return the summed errors beyond epsilon."""
        error = output - target
        np.abs(error, out=error)
        np.subtract(error, self.epsilon, out=error)
        np.maximum(error, 0.0, out=error)
        return _weighted_mean_over_outputs(error, weight)

    def gradient(self, output: Array, target: Array, out: Array) -> None:
        """Write the sign of the error where it is beyond epsilon, else 0."""
        np.subtract(output, target, out=out)
        outside = np.abs(out) > self.epsilon
        np.sign(out, out=out)
        np.multiply(out, outside, out=out)
        if out.shape[1] > 1:
            np.multiply(out, 1.0 / out.shape[1], out=out)


LOSSES: Final[dict[str, type[Loss]]] = {
    "CrossEntropy": CrossEntropy,
    "MSE": MSE,
    "MAE": MAE,
    "EpsilonInsensitive": EpsilonInsensitive,
}


def loss(wanted: object) -> Loss:
    """Return the loss that `wanted` stands for (see `notation.choose`)."""
    return choose("loss", LOSSES, wanted)
