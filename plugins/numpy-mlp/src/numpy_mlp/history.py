"""The histories of a training: what they mean, who listens to them, and who may end it.

Training loss and score of an epoch are means over its minibatches, each taken in the forward pass
of its own step, as Keras reports them: so the parameters move while they are added up, dropout is
at work, and no second pass over the data is paid for. Validation loss and score are those of the
parameters at the end of the epoch. Neither includes the penalty (eq. 12).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gridwright.contract import EpochRecord
from gridwright.errors import TrainingDiverged

if TYPE_CHECKING:
    from gridwright.contract import OnEpoch
    from numpy_mlp.stopping import EarlyStopping


@dataclass
class History:
    """Loss and score of every epoch, and who listens to them.

    Attributes:
        on_epoch: called after each epoch; True stops.
        stopping: early stopping, None without.
        training: (loss, score) of each epoch on the training part.
        validation: the same on the validation part; empty without one.
    """

    on_epoch: OnEpoch | None = None
    stopping: EarlyStopping | None = None
    training: list[tuple[float, float]] = field(default_factory=list)
    validation: list[tuple[float, float]] = field(default_factory=list)

    def add(self, scores: tuple[float, float], validation: tuple[float, float] | None) -> bool:
        """Record an epoch; return True if training should stop here.

        Raises:
            TrainingDiverged: a loss is no finite number.
        """
        self.training.append(scores)
        epoch = len(self.training)
        _demand_finite(scores[0], epoch, "the training loss")
        val_loss, val_score = validation or (None, None)
        if validation is not None:
            self.validation.append(validation)
            _demand_finite(validation[0], epoch, "the validation loss")
        stop = False
        if self.stopping is not None:
            stop = self.stopping.update(scores[0] if val_loss is None else val_loss)
        if self.on_epoch is not None:
            record = EpochRecord(epoch, scores[0], scores[1], val_loss, val_score)
            stop = bool(self.on_epoch(record)) or stop
        return stop


def _demand_finite(value: float, epoch: int, what: str) -> None:
    if not math.isfinite(value):
        raise TrainingDiverged(
            epoch, f"{what} is {value}: floating point overflow, a smaller eta or beta may help"
        )
