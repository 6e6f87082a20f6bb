"""Products in full float32, whatever the device would take for them.

A GPU rounds the factors of float32 products to the 10 bits of TF32 where it may, as TensorFlow,
JAX and PyTorch (for convolutions) let it. A training does not mind. A prediction would depend on
the device, and on which algorithm it found fastest that day: a stored network, loaded by a server,
would not repeat what its trial has predicted.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from keras_cnn import backend

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class _Blocks:
    """Those that are open in this process, and what the switch was before the first of them."""

    lock: Lock = field(default_factory=Lock)
    n: int = 0
    allowed_before: bool = True


_blocks = _Blocks()


def full_float32() -> AbstractContextManager[Any]:
    """Return a context in which the backend multiplies in full float32; on a CPU it always does.

    Elsewhere in the process, TensorFlow and PyTorch do so as well for as long: their switch is one
    for all threads.
    """
    if backend.chosen() != "jax":
        return _switched_off()
    import jax

    context: AbstractContextManager[Any] = jax.default_matmul_precision("float32")
    return context


@contextmanager
def _switched_off() -> Iterator[None]:
    with _blocks.lock:
        if not _blocks.n:
            _blocks.allowed_before = _allowed()
            _allow(False)
        _blocks.n += 1
    try:
        yield
    finally:
        with _blocks.lock:
            _blocks.n -= 1
            if not _blocks.n:
                _allow(_blocks.allowed_before)


def _allowed() -> bool:
    if backend.chosen() == "torch":
        import torch

        return bool(torch.backends.cudnn.allow_tf32)
    import tensorflow as tf

    return bool(tf.config.experimental.tensor_float_32_execution_enabled())


def _allow(allowed: bool) -> None:
    if backend.chosen() == "torch":
        import torch

        torch.backends.cudnn.allow_tf32 = allowed
        return
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(allowed)
