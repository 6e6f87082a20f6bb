"""What happens after each epoch: the histories grow, the caller hears of it, divergence ends it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import EpochRecord, OnEpoch
from gridwright.errors import TrainingDiverged
from keras_cnn import runtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Float64Array

#: Name of the metric that is the score, and of the loss without the regularisation term.
SCORE = "score"
DATA_LOSS = "data_loss"


class EpochHistory:
    """Collects the epochs of one training.

    Attributes:
        records: one for each finished epoch.
    """

    def __init__(self, on_epoch: OnEpoch | None) -> None:
        self.records: list[EpochRecord] = []
        self._on_epoch = on_epoch

    def callback(self) -> Any:
        """Return the Keras callback that fills this history."""
        callback = runtime.keras().callbacks.LambdaCallback()

        def end_of_epoch(epoch: int, logs: Mapping[str, float]) -> None:
            record = _record(epoch + 1, logs)
            self.records.append(record)
            if self._on_epoch is not None and self._on_epoch(record):
                callback.model.stop_training = True

        callback.on_epoch_end = end_of_epoch
        return callback

    @property
    def training(self) -> Float64Array:
        """Loss and score of the training part, `(n_epochs, 2)`."""
        return np.array([(record.loss, record.score) for record in self.records], dtype=np.float64)

    @property
    def validation(self) -> Float64Array | None:
        """Loss and score of the validation part, `(n_epochs, 2)`; None where there is none."""
        pairs = [(record.val_loss, record.val_score) for record in self.records]
        if not pairs or pairs[0][0] is None:
            return None
        return np.array(pairs, dtype=np.float64)


def _record(epoch: int, logs: Mapping[str, float]) -> EpochRecord:
    values = {
        "loss": logs.get(DATA_LOSS, logs["loss"]),
        "val_loss": logs.get(f"val_{DATA_LOSS}", logs.get("val_loss")),
    }
    for name, value in values.items():
        if value is not None and not math.isfinite(value):
            raise TrainingDiverged(epoch, f"the {name} is {float(value)}")
    validated = values["val_loss"] is not None
    return EpochRecord(
        epoch=epoch,
        loss=float(values["loss"] or 0.0),
        score=float(logs[SCORE]),
        val_loss=float(values["val_loss"] or 0.0) if validated else None,
        val_score=float(logs[f"val_{SCORE}"]) if validated else None,
    )
