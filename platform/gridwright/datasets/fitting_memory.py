"""Data that does not fit into memory is refused before it is read."""

from __future__ import annotations

from gridwright.errors import DatasetError
from gridwright.machine import free_memory, readable


def check_fits(source: object, needed: int, remedy: str) -> None:
    """Refuse data that takes more memory than is free.

    Args:
        source: path of the data.
        needed: bytes that it takes once it is read.
        remedy: what the user may do, besides taking a machine with more memory.

    Raises:
        DatasetError: it does not fit.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise DatasetError(
            f"{source} takes {readable(needed)} of memory once it is read, and {readable(free)} "
            f"are free: {remedy}, or use a machine with more"
        )
