"""SHA-256 of arrays: every byte counts, and so do names, types and shapes."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        if array is None:
            sha256.update(_header([name, None]))
            continue
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects: there is no digest of those")
        sha256.update(_header([name, array.dtype.str, array.shape]))
        sha256.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()


def _header(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return f"{len(text)}:{text}\n".encode("ascii")
