"""A trial's share of a GPU's memory, set before the backend starts.

A trial with `resources.gpus=0.25` shares a GPU with three others: Ray only counts the shares, so
each backend is told to stay within its own.
"""

from __future__ import annotations

import logging
import os
import subprocess
from typing import TYPE_CHECKING, Any

from gridwright.contract import GPUS_VARIABLE

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_log = logging.getLogger(__name__)

#: Of its share; the rest is the backend's own code and buffers on the device.
_USABLE = 0.95


def share() -> float | None:
    """Return the part of one GPU that this process may use; None where it need not be held."""
    try:
        gpus = float(os.environ.get(GPUS_VARIABLE, ""))
    except ValueError:
        return None
    return gpus if 0 < gpus < 1 else None


def announce_to_jax(environment: MutableMapping[str, str]) -> None:
    """Set what JAX reads when it starts; what the user has set stays."""
    environment.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    part = share()
    if part is not None:
        environment.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", f"{part * _USABLE:.3f}")


def limit_tensorflow(tf: Any) -> None:
    """Hold TensorFlow to the share; must come before it has used the GPU."""
    part = share()
    gpus = tf.config.list_physical_devices("GPU")
    if part is None or not gpus:
        return
    megabytes = _megabytes_of_first_gpu()
    if megabytes is None:
        _log.warning("the memory of the GPU is not known, so the trial's share of it is not held")
        return
    limit = tf.config.LogicalDeviceConfiguration(memory_limit=int(megabytes * part * _USABLE))
    tf.config.set_logical_device_configuration(gpus[0], [limit])


def limit_torch(torch: Any) -> None:
    """Hold PyTorch to the share."""
    part = share()
    if part is not None and torch.cuda.is_available():
        torch.cuda.set_per_process_memory_fraction(part * _USABLE)


def _megabytes_of_first_gpu() -> int | None:
    """Return the memory of the first visible GPU, which TensorFlow does not tell."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0] or "0"
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(  # noqa: S603 - the visible device is one argument, no shell
            [*command, f"--id={visible}"], capture_output=True, text=True, check=True, timeout=30
        )
        return int(done.stdout.split()[0])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
