"""One thread that turns spool files into MLflow runs, one after the other."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

from gridwright.errors import TrackingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Writer:
    """Writes spool files in the order they come, until it is closed or fails.

    After a failure it writes nothing more: what comes stays in the spool, for the next process.
    """

    def __init__(self, write: Callable[[Path], None]) -> None:
        """Start the thread; it calls `write` for each spool file."""
        self._write = write
        self._files: queue.Queue[Path | None] = queue.Queue()
        self._failure: BaseException | None = None
        self._stopped = threading.Event()
        # A daemon: a process that is told to stop must not wait for it, the spool keeps the rest.
        self._thread = threading.Thread(target=self._run, name="gridwright-writer", daemon=True)
        self._thread.start()

    def put(self, file: Path) -> None:
        """Hand over one spool file."""
        self._files.put(file)

    def drain(self) -> None:
        """Wait until everything handed over is written.

        Raises:
            TrackingError: the tracking store refused something.
        """
        self._files.join()
        if self._failure is not None:
            raise self._failure

    def close(self) -> None:
        """Write what was handed over, then end the thread. Raises nothing: see `drain`."""
        self._files.put(None)
        self._thread.join()

    def stop(self) -> None:
        """End the thread after the file it is writing; the others stay in the spool."""
        self._stopped.set()
        self.close()

    def _run(self) -> None:
        while (file := self._files.get()) is not None:
            if self._failure is None and not self._stopped.is_set():
                self._attempt(file)
            self._files.task_done()
        self._files.task_done()

    def _attempt(self, file: Path) -> None:
        try:
            self._write(file)
        except TrackingError as error:
            self._failure = TrackingError(
                f"{error}; finished trials wait in {file.parent}, and the same command writes them"
            )
        except BaseException as error:  # noqa: BLE001 - raised again by `drain`, in its own thread
            self._failure = error
