"""What a sweep takes, to be held against its forecast."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from gridwright.machine import family_memory


@dataclass(frozen=True, slots=True)
class Taken:
    """What a sweep has taken.

    Attributes:
        seconds: from the forecast to the end of the report.
        disk: bytes, None where the runs are kept elsewhere.
        memory: bytes of all its processes after the last trial, None where nobody tells.
    """

    seconds: float
    disk: int | None
    memory: int | None


class Meter:
    """Measures one sweep, from the moment it is made.

    Args:
        database: file that holds the runs; None if they are not on this machine.
        artifacts: folder or URI under which the runs have their files.
    """

    def __init__(self, database: Path | None, artifacts: str | None) -> None:
        self._database = database
        self._artifacts = None if artifacts is None or "://" in artifacts else Path(artifacts)
        self._rows = _rows(database) if database else 0
        self._memory: int | None = None
        self._since = time.time()
        self._begun = time.monotonic()

    def look_at_memory(self) -> None:
        """Note the memory in use now, while the workers are still there."""
        self._memory = family_memory()

    def taken(self) -> Taken:
        """Return what it has been from the beginning to now."""
        return Taken(time.monotonic() - self._begun, self._disk(), self._memory)

    def _disk(self) -> int | None:
        if self._database is None or self._artifacts is None:
            return None
        # Of each experiment, the folders of runs that are new; the second before is the grain of
        # some file systems' clocks.
        new = [run for run in self._artifacts.glob("*/*") if run.stat().st_mtime > self._since - 1]
        files = sum(file.stat().st_size for run in new for file in run.rglob("*") if file.is_file())
        return max(0, _rows(self._database) - self._rows) + files


def _rows(database: Path) -> int:
    """Return the bytes of a database, with what it has not yet taken over into its one file."""
    parts = (database, database.with_name(f"{database.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())
