"""What is reported while a model is trained: loss and score of both parts after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridwright.contract import EpochRecord
from gridwright.errors import TrainingDiverged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gridwright.contract import Array, OnEpoch


class Curves:
    """Turns the raw predictions of each step into an `EpochRecord`.

    Attributes:
        inputs: what scikit-learn predicts for: the scaled columns of the training part, and
            those of the validation part where there is one.
        epoch: how many records there are.
        loss: of the training part in the last record, in a unit of its own: cross-entropy, or the
            share of the variance that is not explained (1 - R2).
    """

    def __init__(
        self,
        inputs: list[Array],
        measures: list[Callable[[Array], tuple[float, float]]],
        on_epoch: OnEpoch | None,
        *,
        classifies: bool,
    ) -> None:
        self.inputs = inputs
        self.epoch = 0
        self.loss = np.inf
        self._measures = measures
        self._on_epoch = on_epoch
        self._classifies = classifies

    def report(self, predictions: Iterable[Array]) -> bool:
        """Report a step, whose raw predictions are given for each of `inputs`.

        Returns:
            Whether the training is to stop here.

        Raises:
            TrainingDiverged: a prediction is not finite.
        """
        self.epoch += 1
        values: list[float] = []
        for measure, predicted in zip(self._measures, predictions, strict=True):
            if not np.isfinite(predicted).all():
                raise TrainingDiverged(self.epoch, "a prediction is not a finite number")
            values += measure(predicted)
        self.loss = values[0] if self._classifies else 1.0 - values[1]
        return self._on_epoch is not None and bool(self._on_epoch(EpochRecord(self.epoch, *values)))
