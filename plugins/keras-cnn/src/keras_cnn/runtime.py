"""Keras and its backend, started once in a process: quietly, with the trial's threads."""

from __future__ import annotations

import gc
import logging
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from keras_cnn import backend, gpu_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridwright.contract import Array

#: Read by TensorFlow when it is imported; what the user has set stays.
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # Several trials share a GPU; by default the first one would take all of its memory.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    # TensorFlow leaves oneDNN off on processors without AVX-512, where convolutions take half the
    # time with it as well.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}
#: What TensorFlow's C++ code writes before anyone can set its log level.
_START_UP_NOTICE = re.compile(r"WARNING: All log messages before absl|[IW]\d{4} |[IW]\d{10}")


@cache
def keras() -> Any:
    """Return the module `keras`, imported and set up at the first call.

    Raises:
        ConfigurationError: the backend that `KERAS_BACKEND` names is not there.
    """
    chosen = backend.chosen()
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    gpu_share.announce_to_jax(os.environ)
    with _start_up_notices_dropped():
        import keras

        if chosen == "tensorflow":
            _set_up_tensorflow()
        elif chosen == "torch":
            import torch

            gpu_share.limit_torch(torch)
    return keras


def seed_everything(seed: int) -> None:
    """Make the training that follows repeatable: Python's, numpy's and the backend's generators.

    On a CPU the operations themselves are made deterministic as well; on a GPU some would be
    refused, so there they are left as they are.
    """
    keras().utils.set_random_seed(seed)
    if backend.chosen() == "tensorflow":
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            tf.config.experimental.enable_op_determinism()


def as_numpy(variable: Any) -> Array:
    """Return the value of a Keras variable; Keras's own way warns of numpy 2 on TensorFlow."""
    value = variable.value
    if hasattr(value, "detach"):  # torch
        value = value.detach().cpu()
    import numpy as np  # here: checking an architecture must not wait for it

    array: Array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
    return array


@cache
def keep_imports() -> None:
    """Take what is imported by now out of the garbage collector's sight, once.

    Looking through all of TensorFlow for what could be freed took 0.2 s for each new network. Only
    for a process that trains for a sweep: what a user holds in cycles would not be freed any more.
    """
    keras()
    gc.collect()
    gc.freeze()


def forget_models() -> None:
    """Free what Keras remembers of the models before, so that a worker does not grow."""
    keras().utils.clear_session()


def _set_up_tensorflow() -> None:
    import tensorflow as tf

    # Each trial is a model of its own and traced for itself, which is no mistake of the user.
    logging.getLogger("tensorflow").addFilter(
        lambda record: "triggered tf.function retracing" not in str(record.msg)
    )
    gpu_share.limit_tensorflow(tf)
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if not threads.isdecimal():
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(int(threads))
        tf.config.threading.set_inter_op_parallelism_threads(int(threads))
    except RuntimeError:
        # Someone has used TensorFlow in this process before, with the threads they wanted.
        logging.getLogger(__name__).debug("TensorFlow runs already; its threads stay as they are")


@contextmanager
def _start_up_notices_dropped() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, then pass on all but the known notices."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held_back:
        stderr = os.dup(2)
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held_back.seek(0)
            for line in held_back.read().decode(errors="replace").splitlines(keepends=True):
                if not _START_UP_NOTICE.match(line):
                    sys.stderr.write(line)
