"""Final losses and scores, defined once for all plugins so that their trials can be compared.

The histories of a trial hold whatever loss its estimator minimises. The final metrics do not:
they are the cross-entropy of the predicted probabilities and the accuracy of the most probable
class, or the mean squared error and R2 of the predicted values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gridwright.contract import Classifier
from gridwright.errors import PluginError

if TYPE_CHECKING:
    from gridwright.contract import Array, DataDescription, Estimator


class Evaluation(NamedTuple):
    """How well an estimator does on one part of the data.

    Attributes:
        loss: cross-entropy (natural logarithm), or mean squared error over all outputs.
        score: accuracy, or R2 (the mean over the outputs).
    """

    loss: float
    score: float


def evaluate(estimator: Estimator, x: Array, y: Array, data: DataDescription) -> Evaluation:
    """Return loss and score of a trained estimator on the samples `x` with the targets `y`.

    Raises:
        PluginError: its predictions have another shape than the contract says.
    """
    predicted = predictions(estimator, x, data)
    if data.task == "regression":
        return _evaluate_values(predicted, y)
    return _evaluate_probabilities(predicted, np.searchsorted(np.asarray(data.classes), y))


def predictions(estimator: Estimator, x: Array, data: DataDescription) -> Array:
    """Return probabilities `(n, n_classes)`, or values `(n,)` or `(n, n_outputs)`.

    Raises:
        PluginError: they have another shape than the contract says.
    """
    if data.task == "regression":
        shape: tuple[int, ...] = (len(x),) if data.n_outputs == 1 else (len(x), data.n_outputs)
        return _shaped("predict", np.asarray(estimator.predict(x)), shape)
    if not isinstance(estimator, Classifier):
        raise PluginError(
            f"{type(estimator).__name__} lacks predict_proba, which a classifier needs"
        )
    probabilities = np.asarray(estimator.predict_proba(x))
    return _shaped("predict_proba", probabilities, (len(x), len(data.classes)))


def _shaped(method: str, array: Array, shape: tuple[int, ...]) -> Array:
    if array.shape != shape:
        raise PluginError(f"{method} must return an array of shape {shape}, not {array.shape}")
    return array


def _evaluate_probabilities(probabilities: Array, codes: Array) -> Evaluation:
    of_true_class = probabilities[np.arange(len(codes)), codes].astype(np.float64)
    # A probability of exactly 0 costs 36, not infinity. A NaN stays one, and is seen.
    smallest = np.finfo(np.float64).eps
    loss = -np.log(np.clip(of_true_class, smallest, 1.0)).mean()
    # The same number as sklearn.metrics.accuracy_score, which takes 50 times as long.
    return Evaluation(float(loss), float(np.mean(probabilities.argmax(axis=1) == codes)))


def _evaluate_values(values: Array, y: Array) -> Evaluation:
    from sklearn.metrics import r2_score

    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        return Evaluation(float("nan"), float("nan"))
    return Evaluation(float(np.mean((values - y) ** 2)), float(r2_score(y, values)))
