"""Data that is larger than memory: written to the data folder once, piece by piece, and mapped.

A file is named by what it is made of, so that the next command finds it, and gets its name once all
of it is on the disk. Files that were not used for a week are removed.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gridwright.datasets.data_folder import VARIABLE, data_folder, made_once, whole_file
from gridwright.datasets.digests import bytes_of
from gridwright.datasets.mapped_arrays import MappedArray, views
from gridwright.errors import DatasetError
from gridwright.machine import free_disk, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from gridwright.contract import Array

#: Folder in the data folder; what is in it is made anew where it lacks.
FOLDER = "streamed"
#: Bytes that are in memory at a time; what is smaller stays there.
PIECE = 4 << 20
_FREE_BYTES = 1 << 30  # are left on the disk
_UNUSED_SECONDS = 7 * 24 * 3600.0


class Form(NamedTuple):
    """Shape and type of an array that is not there yet."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def steps(self) -> Iterator[slice]:
        """Yield the rows of one piece after another."""
        rows, row = self.shape[0], self.nbytes // max(1, self.shape[0])
        step = max(1, PIECE // max(1, row))
        for start in range(0, rows, step):
            yield slice(start, min(start + step, rows))


def stored(key: str, form: Form, pieces: Callable[[], Iterable[Array]], room: int = 0) -> Array:
    """Return an array in a file of the data folder, read-only.

    Args:
        key: what tells its content from all others; of any length.
        form: its shape and type.
        pieces: return its rows, some at a time, in order; asked for if the file is not there.
        room: bytes that the disk must have before it is begun, if those are more than its own.

    Raises:
        DatasetError: the disk has no room, or cannot be written or read.
    """

    def write(file: IO[bytes]) -> None:
        for piece in pieces():
            file.write(bytes_of(np.asarray(piece, form.dtype)))

    path = stored_file(f"{key} {form}", max(room, form.nbytes), write)
    try:
        (array,) = views(path, [form])
    except (OSError, ValueError) as error:
        raise _not_stored(path, error) from error
    return array


def stored_file(key: str, room: int, write: Callable[[IO[bytes]], None]) -> Path:
    """Return a file of the data folder that `write` makes if it is not there.

    Raises:
        DatasetError: the disk has no room, or cannot be written.
    """
    path = data_folder() / FOLDER / sha256(key.encode()).hexdigest()

    def make() -> None:
        _clean(path)
        _check_room(path.parent, room)
        with whole_file(path) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())  # its name must not be on the disk before it

    try:
        made_once(path, make)
        os.utime(path)  # it is in use
    except OSError as error:
        raise _not_stored(path, error) from error
    return path


def taken(array: MappedArray, rows: Array) -> Array:
    """Return the rows of a mapped array, read-only: in a file again, unless they are few."""
    form = Form((len(rows), *array.shape[1:]), array.dtype)
    if form.nbytes <= PIECE:
        few = np.asarray(array)[rows]
        few.flags.writeable = False
        return few
    key = f"{array.place} {sha256(bytes_of(np.asarray(rows, np.int64))).hexdigest()}"
    plain = np.asarray(array)
    return stored(key, form, lambda: (plain.take(rows[step], axis=0) for step in form.steps()))


def _check_room(folder: Path, size: int) -> None:
    free = max(0, free_disk(folder) - _FREE_BYTES)
    if size > free:
        raise DatasetError(
            f"samples that do not fit into memory are kept in {folder}, which takes "
            f"{readable(size)} there, and {readable(free)} can be used: make room, or let "
            f"{VARIABLE} name a folder on a larger disk"
        )


def _not_stored(path: Path, error: Exception) -> DatasetError:
    reason = getattr(error, "strerror", None) or str(error)
    return DatasetError(
        f"samples that do not fit into memory cannot be kept in {path.parent} ({reason}): make "
        f"room, or let {VARIABLE} name a folder that can be written"
    )


def _clean(path: Path) -> None:
    """Remove what was not used for a week, and what a process has left that was killed."""
    now = time.time()
    for file in path.parent.iterdir():
        # Its lock is ours: nobody else writes it.
        left = file.name.startswith(f".{path.name}.") and file.suffix == ".tmp"
        with suppress(OSError):
            if left or now - file.stat().st_mtime > _UNUSED_SECONDS:
                file.unlink()
