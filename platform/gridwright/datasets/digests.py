"""SHA-256 of arrays: every byte counts, and so do names, types and shapes."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from gridwright.contract import Array


def digest_arrays(arrays: Mapping[str, Array | None], properties: Mapping[str, Any]) -> str:
    """Return the SHA-256 of named arrays and of JSON-like `properties`, in hexadecimal.

    A header with the name, type and shape stands before the bytes of each array, so that no two
    different sets of arrays give the same stream.

    Raises:
        TypeError: an array holds Python objects, whose bytes are addresses.
    """
    sha256 = hashlib.sha256(_header(properties))
    for name, array in arrays.items():
        for part in _stream(name, array):
            sha256.update(part)
    return sha256.hexdigest()


class FollowingDigest:
    """The digest of `digest_arrays`, by a thread that follows while the arrays are being read.

    Use it as a context, in which arrays are told in their order. It goes on behind that, until
    `hexdigest` is asked for.
    """

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._sha256 = hashlib.sha256(_header(properties))
        # Both this and reading let go of the interpreter, so that they run on two cores.
        self._following = ThreadPoolExecutor(1, thread_name_prefix="digest")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._following.shutdown(wait=False)

    def add(self, name: str, array: Array | None) -> None:
        """Take a whole array."""
        for part in _stream(name, array):
            self.part(part)

    def begin(self, name: str, array: Array) -> None:
        """Take the name, type and shape of an array whose bytes come in parts."""
        self.part(_array_header(name, array))

    def part(self, data: bytes | memoryview) -> None:
        """Take the next bytes, which must not change any more."""
        self._following.submit(self._sha256.update, data)

    def hexdigest(self) -> str:
        """Return the digest of all that was told, in hexadecimal, once it is there."""
        self._following.shutdown()
        return self._sha256.hexdigest()


def bytes_of(array: Array) -> memoryview:
    """Return the bytes of an array, row by row; a copy only where they lie otherwise."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _stream(name: str, array: Array | None) -> list[bytes | memoryview]:
    if array is None:
        return [_header([name, None])]
    if array.dtype.hasobject:
        raise TypeError(f"array {name!r} holds Python objects: there is no digest of those")
    return [_array_header(name, array), bytes_of(array)]


def _array_header(name: str, array: Array) -> bytes:
    return _header([name, array.dtype.str, array.shape])


def _header(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return f"{len(text)}:{text}\n".encode("ascii")
