"""Loss and score of predictions, as the platform defines them for every model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gridwright.contract import Array


def of_probabilities(probabilities: Array, codes: Array) -> tuple[float, float]:
    """Return the cross-entropy and the accuracy.

    Args:
        probabilities: `(n, n_classes)`.
        codes: the true classes' columns, `(n,)`.
    """
    of_true_class = probabilities[np.arange(len(codes)), codes].astype(np.float64)
    # A tree is sure of itself: a probability of exactly 0 must not cost infinity.
    smallest = np.finfo(np.float64).eps
    loss = -np.log(np.clip(of_true_class, smallest, 1.0)).mean()
    return float(loss), float(np.mean(probabilities.argmax(axis=1) == codes))


def of_values(values: Array, y: Array) -> tuple[float, float]:
    """Return the mean squared error over all outputs, and R2 (the mean over the outputs).

    Args:
        values: predictions `(n,)` or `(n, n_outputs)`.
        y: the true ones, in the same shape.
    """
    from sklearn.metrics import r2_score

    return float(np.mean((values - y) ** 2)), float(r2_score(y, values))
