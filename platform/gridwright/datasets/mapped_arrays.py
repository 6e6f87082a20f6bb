"""Read-only arrays in mapped files: the kernel reads what is looked at, and keeps one copy.

Such an array is sent to another process as the name of the file and its place in it.
"""

from __future__ import annotations

import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array


class MappedArray(np.ndarray[Any, Any]):
    """A read-only view of a mapped file, which is pickled as its place there.

    Attributes:
        path: of the file; None for an array that is no part of it, such as a sum.
        start: address of the file's first byte.
    """

    path: Path | None = None
    start: int = 0

    def __array_finalize__(self, parent: Any) -> None:
        if isinstance(parent, MappedArray) and np.may_share_memory(self, parent):
            self.path, self.start = parent.path, parent.start

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self.path is None or not self.flags.c_contiguous:
            return np.array(self).__reduce_ex__(protocol)
        return mapped, self.place

    @property
    def place(self) -> tuple[str, int, str, tuple[int, ...]]:
        """Where a contiguous array lies: path, offset in bytes, type and shape."""
        offset = self.__array_interface__["data"][0] - self.start
        return str(self.path), offset, self.dtype.str, self.shape


class Sized(Protocol):
    """What is known of an array before it is there."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""

    @property
    def dtype(self) -> Any:
        """Its type."""

    @property
    def nbytes(self) -> int:
        """Its bytes."""


def mapped(path: str, offset: int, dtype: str, shape: tuple[int, ...]) -> Array:
    """Return a read-only array in a file; only what is looked at is read.

    Raises:
        OSError: the file is not there.
    """
    count = int(np.prod(shape))
    content = _content(Path(path))
    with suppress(OSError):
        os.utime(path)  # it is in use
    return np.frombuffer(content, dtype, count, offset).reshape(shape)


def views(path: Path, arrays: Sequence[Sized]) -> list[MappedArray]:
    """Return read-only arrays of these shapes, which lie one after another in a file.

    Raises:
        OSError: the file is not there.
    """
    whole = np.frombuffer(_content(path), np.uint8)
    base = cast("MappedArray", whole.view(MappedArray))
    base.path, base.start = path, whole.__array_interface__["data"][0]
    ends = np.cumsum([array.nbytes for array in arrays]).tolist()
    return [
        cast("MappedArray", base[end - array.nbytes : end].view(array.dtype).reshape(array.shape))
        for end, array in zip(ends, arrays, strict=True)
    ]


def _content(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
