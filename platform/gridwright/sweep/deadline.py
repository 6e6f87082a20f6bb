"""The time that one trial may take: it ends between two epochs, or with its process."""

from __future__ import annotations

import os
import threading
import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from gridwright.errors import SweepError

if TYPE_CHECKING:
    from types import TracebackType

    from gridwright.contract import EpochRecord, OnEpoch, TrialSpec

#: Times its limit after which a trial that reports no epoch is taken for hanging.
_HANGING = 2.0


class Deadline(AbstractContextManager["Deadline"]):
    """Ends a trial that takes longer than `resources.timeout` seconds.

    A training that reports its epochs fails in a sentence. One that does not come back any more
    cannot be asked: its process ends after twice the time, as a lost worker does.

    Args:
        spec: the trial; its configuration has the limit.
        on_epoch: hears of each epoch that is within the limit.
    """

    def __init__(self, spec: TrialSpec, on_epoch: OnEpoch | None = None) -> None:
        self._seconds: float | None = spec.config.get("resources", {}).get("timeout")
        self._on_epoch = on_epoch
        self._end = time.monotonic() + (self._seconds or 0.0)
        self._watch: threading.Timer | None = None

    def __enter__(self) -> Self:
        if self._seconds is not None:
            self._watch = threading.Timer(_HANGING * self._seconds, os._exit, (1,))
            self._watch.daemon = True
            self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._watch is not None:
            self._watch.cancel()

    def __call__(self, record: EpochRecord) -> bool:
        """Be the `on_epoch` of a trial.

        Raises:
            SweepError: the time is over.
        """
        if self._seconds is not None and time.monotonic() > self._end:
            raise SweepError(
                f"it took more than resources.timeout={self._seconds:g} seconds, and was ended in "
                f"epoch {record.epoch}"
            )
        return bool(self._on_epoch(record)) if self._on_epoch else False
