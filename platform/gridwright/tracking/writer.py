"""One thread that turns finished trials into MLflow runs, one after the other."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridwright.errors import TrackingError
from gridwright.tracking.store_errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gridwright.tracking.spool import SpooledTrial

_log = logging.getLogger(__name__)

#: Seconds after which the writing of one run counts as an interruption.
SLOW = 30.0
#: Trials that wait in memory, too; of a longer queue only the spool files are kept.
IN_MEMORY = 32


@dataclass(frozen=True, slots=True)
class Waiting:
    """A finished trial that waits to be written.

    Attributes:
        file: its spool file.
        trial: the same in memory, None where the file has to be read.
    """

    file: Path
    trial: SpooledTrial | None = None


class Writer:
    """Writes trials in the order they come, until it is closed or fails.

    A store that cannot be reached now, that is full or locked, is tried again for a while. After
    any other failure, or too long a while, nothing more is written: what comes stays in the spool,
    for the next process.

    Args:
        write: writes one trial.
        patience: seconds for which a store that cannot be used is tried again.
        interval: seconds between two attempts.

    Attributes:
        interruptions: sentences on what the store refused for a while, each once.
    """

    def __init__(
        self, write: Callable[[Waiting], None], patience: float = 0.0, interval: float = 1.0
    ) -> None:
        """Start the thread; it calls `write` for each trial."""
        self.interruptions: dict[str, float] = {}
        self._write = write
        self._patience = patience
        self._interval = interval
        self._queue: queue.Queue[Waiting | None] = queue.Queue()
        self._failure: BaseException | None = None
        self._stopped = threading.Event()
        # A daemon: a process that is told to stop must not wait for it, the spool keeps the rest.
        self._thread = threading.Thread(target=self._run, name="gridwright-writer", daemon=True)
        self._thread.start()

    def put(self, file: Path, trial: SpooledTrial | None = None) -> None:
        """Hand over one spool file and, to spare its reading, what it holds."""
        crowded = self._queue.qsize() >= IN_MEMORY
        self._queue.put(Waiting(file, None if crowded else trial))

    @property
    def failed(self) -> bool:
        """Whether it has given up: nothing more is written."""
        return self._failure is not None

    def drain(self) -> None:
        """Wait until everything handed over is written.

        Raises:
            TrackingError: the tracking store refused something.
        """
        self._queue.join()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Write what was handed over, then end the thread. Raises nothing: see `drain`."""
        self._queue.put(None)
        self._thread.join()

    def stop(self) -> None:
        """End the thread after the trial it is writing; the others stay in the spool."""
        self._stopped.set()
        self.close()

    def _run(self) -> None:
        while (waiting := self._queue.get()) is not None:
            if self._failure is None and not self._stopped.is_set():
                self._attempt(waiting)
            self._queue.task_done()
        self._queue.task_done()

    def _attempt(self, waiting: Waiting) -> None:
        try:
            self._write_patiently(waiting)
        except TrackingError as error:
            folder = waiting.file.parent
            self._failure = TrackingError(
                f"{error}; finished trials wait in {folder}, and the same command writes them"
            )
        except BaseException as error:  # noqa: BLE001 - raised again by `drain`, in its own thread
            self._failure = error

    def _write_patiently(self, waiting: Waiting) -> None:
        began = time.monotonic()
        reason = ""
        while True:
            try:
                self._write(waiting)
            except StoreUnavailable as error:
                if time.monotonic() - began > self._patience:
                    raise
                if not reason:
                    _log.warning("%s: finished trials wait in %s", error, waiting.file.parent)
                reason = str(error)
                if self._stopped.wait(self._interval):
                    raise
            else:
                break
        took = time.monotonic() - began
        if not reason and took > SLOW:
            # MLflow's client tries a server that is gone again by itself, without a word.
            reason = f"one run took longer than {SLOW:g} s to write: no answer, or a slow one"
        if reason:
            self.interruptions[reason] = self.interruptions.get(reason, 0.0) + took
