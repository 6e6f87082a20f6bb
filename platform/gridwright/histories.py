"""Collects what an estimator reports after each epoch."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from gridwright.contract import HISTORIES
from gridwright.errors import TrainingDiverged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridwright.contract import Array, EpochRecord, Float64Array, OnEpoch


class EpochRecorder:
    """The `on_epoch` of a trial: keeps every record with its time, and hands it on.

    Attributes:
        listener: gets each record too; its request to stop reaches the estimator.
    """

    def __init__(self, listener: OnEpoch | None) -> None:
        self.listener = listener
        self._records: list[EpochRecord] = []
        self._milliseconds: list[int] = []
        self._training = False

    def __call__(self, record: EpochRecord) -> bool:
        """Keep `record`; return True to ask the estimator to stop.

        Raises:
            TrainingDiverged: the loss is not finite, whether or not the estimator noticed.
        """
        self._records.append(record)
        self._milliseconds.append(time.time_ns() // 1_000_000)
        stop = bool(self.listener(record)) if self.listener else False
        if not math.isfinite(record.loss):
            raise TrainingDiverged(record.epoch, f"the loss is {record.loss}")
        return stop

    def take_up(self, records: Sequence[EpochRecord], epoch_ms: Sequence[int]) -> None:
        """Begin with the epochs that an interrupted training has reported; no listener hears."""
        self._records, self._milliseconds = list(records), list(epoch_ms)

    @property
    def records(self) -> tuple[EpochRecord, ...]:
        """What was reported, one record an epoch."""
        return tuple(self._records)

    @contextmanager
    def training(self) -> Iterator[None]:
        """Mark the time of the training; an exception leaves the mark where it came from."""
        self._training = True
        yield
        self._training = False

    @property
    def n_epochs(self) -> int:
        """How many epochs were reported."""
        return len(self._records)

    @property
    def epoch_under_way(self) -> int | None:
        """The epoch, from 1, that is being trained; None outside of the training."""
        return self.n_epochs + 1 if self._training else None

    @property
    def epoch_ms(self) -> Array:
        """Wall clock at the end of each epoch, int64 `(n_epochs,)`."""
        return np.array(self._milliseconds, dtype=np.int64)

    @property
    def histories(self) -> dict[str, Float64Array]:
        """Each of `HISTORIES` that was reported, float64 `(n_epochs,)`.

        An epoch without a value, of an estimator that scores only some of them, is NaN there.
        """
        columns = {name: [getattr(record, name) for record in self._records] for name in HISTORIES}
        return {
            name: np.array([math.nan if value is None else value for value in column], np.float64)
            for name, column in columns.items()
            if any(value is not None for value in column)
        }
