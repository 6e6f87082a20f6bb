"""Other processes on one store: one at a time runs a sweep, and each knows whether others write."""

from __future__ import annotations

import logging
import os
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


class Turn:
    """The right to run one sweep, which one process has at a time; it ends with the process.

    Args:
        folder: where the processes meet: the spool of the store.
        key: of the sweep.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._lock = FileLock(folder / f"sweep-{key[:16]}.lock")
        self._owner = folder / f"sweep-{key[:16]}.pid"

    def take(self) -> bool:
        """Wait until no other process runs the sweep; return whether one did."""
        try:
            self._lock.acquire(timeout=0)
            waited = False
        except Timeout:
            _log.warning(
                "this sweep is already running in another process%s: this one waits for its end, "
                "and takes over what it has finished (Ctrl-C ends the waiting, not the sweep)",
                self._who(),
            )
            self._lock.acquire(poll_interval=0.5)
            waited = True
        self._owner.write_text(str(os.getpid()), encoding="ascii")
        return waited

    def end(self) -> None:
        """Let others run the sweep."""
        if self._lock.is_locked:
            self._owner.unlink(missing_ok=True)
            self._lock.release()

    def _who(self) -> str:
        with suppress(OSError):
            return f" (PID {self._owner.read_text(encoding='ascii')})"
        return ""


class Presence:
    """Tells whether another process has written to the store since this one opened it.

    Whoever writes leaves its name in a file; all of it happens under the lock of the store.

    Args:
        folder: where the processes meet: the spool of the store.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "last-writer"
        self._name = uuid.uuid4().hex
        self._others = False
        self._leave_name()

    def others_write(self) -> bool:
        """Return whether others have written by now, and leave this process's name."""
        try:
            last = self._file.read_text(encoding="ascii")
        except OSError:
            last = ""
        if last != self._name:
            self._others = True
            self._leave_name()
        return self._others

    def _leave_name(self) -> None:
        # A full disk is told by what is to be written, not by this.
        with suppress(OSError):
            self._file.write_text(self._name, encoding="ascii")
