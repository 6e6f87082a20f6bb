"""A plain word when a network, its training or a batch does not fit into memory."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gridwright.errors import OutOfMemory
from keras_cnn.footprint import sizes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridwright.contract import DataDescription
    from keras_cnn.architecture import Layer

_BYTES = 4  # of a float32
#: What the backends raise besides MemoryError.
_EXHAUSTED = frozenset({"ResourceExhaustedError", "OutOfMemoryError", "XlaRuntimeError"})


@contextmanager
def out_of_memory_named(
    layers: Sequence[Layer], data: DataDescription, batch_size: int
) -> Iterator[None]:
    """Turn an exhausted memory into a sentence with the size of the network.

    Raises:
        OutOfMemory: the network, its training or a batch does not fit.
    """
    try:
        yield
    except Exception as error:
        if not _is_exhausted(error):
            raise
        n_parameters, n_values, _ = sizes(layers, data)
        raise OutOfMemory(
            f"out of memory with a network of {n_parameters:,} parameters "
            f"({_megabytes(n_parameters)} MB, and several times that with gradients and the "
            f"optimizer) and {_megabytes(n_values * batch_size)} MB of values in a batch of "
            f"{batch_size}: take a smaller network or batch, or run fewer trials at once "
            "(resources.cpus, resources.gpus)"
        ) from error


def _megabytes(numbers: int) -> str:
    return f"{numbers * _BYTES / 1e6:,.0f}"


def _is_exhausted(error: Exception) -> bool:
    if isinstance(error, MemoryError):
        return True
    name = type(error).__name__
    return name in _EXHAUSTED and (name != "XlaRuntimeError" or "RESOURCE_EXHAUSTED" in str(error))
