"""A trial's score by cross-validation: the mean over folds, and its spread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gridwright.errors import TrainingDiverged
from gridwright.evaluation import evaluate

if TYPE_CHECKING:
    from gridwright.contract import EpochRecord, ModelPlugin, TrialSpec
    from gridwright.datasets import TrialData


def cross_validated(spec: TrialSpec, data: TrialData, plugin: ModelPlugin) -> dict[str, float]:
    """Train one model a fold, and return what they score on what they have not seen.

    Returns:
        `validation_score` and `validation_loss`, the means over the folds; `validation_score_std`
        and `validation_loss_std`, the sample standard deviations; `fold_1_score`, ...

    Raises:
        TrainingDiverged: the training of a fold, or its final loss, is not finite.
    """
    losses, scores = [], []
    for number, fold in enumerate(data.folds(), start=1):
        estimator = plugin.build(
            spec.parameters, fold.description.task, fold.description, spec.seed
        )
        epochs = _Epochs()
        estimator.fit(fold.x_train, fold.y_train, None, epochs)
        x, y = fold.x_validation, fold.y_validation
        assert x is not None and y is not None  # noqa: S101, PT018 - every fold has both
        loss, score = evaluate(estimator, x, y, fold.description)
        if not (math.isfinite(loss) and math.isfinite(score)):
            raise TrainingDiverged(epochs.count, f"the loss of fold {number} is {loss}")
        losses.append(loss)
        scores.append(score)
    return {
        "validation_loss": float(np.mean(losses)),
        "validation_loss_std": float(np.std(losses, ddof=1)),
        "validation_score": float(np.mean(scores)),
        "validation_score_std": float(np.std(scores, ddof=1)),
        **{f"fold_{number}_score": score for number, score in enumerate(scores, start=1)},
    }


class _Epochs:
    """Counts epochs, for a message only."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, record: EpochRecord) -> bool:
        self.count = record.epoch
        return False
