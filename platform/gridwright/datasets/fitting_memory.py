"""Whether data fits into memory: if not, it is read in pieces, or refused before it is read."""

from __future__ import annotations

import math
import os

from gridwright.datasets.data_folder import data_folder
from gridwright.datasets.stored_arrays import FOLDER
from gridwright.errors import DatasetError
from gridwright.machine import free_memory, readable
from gridwright.plugins import model_names_in_pieces

#: Environment variable: gigabytes of memory that the data of one command may take.
VARIABLE = "GRIDWRIGHT_DATA_MEMORY"
_GB = 1_000_000_000
#: As it is read, and divided into the parts of a trial.
_COPIES = 2


def memory_for_data() -> int | None:
    """Return the bytes that data may take: what the variable says, else what is free.

    Raises:
        DatasetError: the variable holds no number above 0.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return free_memory()
    try:
        amount = float(given)
    except ValueError:
        amount = math.nan
    if not 0 < amount < math.inf:
        raise DatasetError(
            f"{VARIABLE} must be a number of gigabytes above 0, such as 8, but is {given!r}"
        )
    return int(amount * _GB)


def check_fits(source: object, needed: int, remedy: str) -> None:
    """Refuse data that takes more memory than there is.

    Args:
        source: path of the data.
        needed: bytes of its samples.
        remedy: what the user may do, besides taking a machine with more memory.

    Raises:
        DatasetError: it does not fit.
    """
    excess = _excess(source, needed)
    if excess:
        raise DatasetError(f"{excess}: {remedy}, or use a machine with more")


def must_be_streamed(source: object, needed: int, remedy: str, *, allowed: bool) -> bool:
    """Tell whether data does not fit into memory, so that it has to be read in pieces.

    Args:
        source: path of the data.
        needed: bytes of its samples.
        remedy: what the user may do.
        allowed: the model reads its samples in pieces.

    Raises:
        DatasetError: it does not fit, and the model needs all of it at once.
    """
    excess = _excess(source, needed)
    if excess and not allowed:
        raise DatasetError(f"{excess}: {remedy}, {_other_ways()}")
    return bool(excess)


def streaming_note() -> str:
    """Return what is said about data that is read in pieces."""
    return (
        f"the samples do not fit into memory: they are kept in {data_folder() / FOLDER}, and "
        "models read them from there batch by batch"
    )


def held_whole(source: str, model: str, size: int) -> str:
    """Return why a model that needs all samples in memory cannot have those of `source`."""
    return (
        f"{model} holds all samples in memory, and those of {source} ({readable(size)}) do not "
        f"fit there: take less of it, {_other_ways()}"
    )


def _excess(source: object, needed: int) -> str:
    """Return what does not fit and why; the empty text if it fits, or nobody tells."""
    room = memory_for_data()
    if room is None or _COPIES * needed <= room:
        return ""
    given = os.environ.get(VARIABLE)
    return (
        f"{source} takes {readable(_COPIES * needed)} of memory to be read and divided, and "
        f"{readable(room)} are {f'allowed by {VARIABLE}={given}' if given else 'free'}"
    )


def _other_ways() -> str:
    names = " or ".join(f"model={name}" for name in model_names_in_pieces())
    models = f"use a model that reads it in pieces ({names}), " if names else ""
    return f"{models}or use a machine with more"
