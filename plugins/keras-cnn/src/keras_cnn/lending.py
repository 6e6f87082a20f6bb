"""Compiled networks, kept for the next trial that needs the same one.

Tracing a training step takes a second, and TensorFlow never frees all of what it traced: 7 MB a
trial. So the trials of a worker that differ only in seed, numbers of the data order, batch size or
learning rate share one compiled network: each gets it with fresh weights and a fresh state of the
optimizer, once the estimator before has let go of it.
"""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_cnn import backend, runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gridwright.contract import Array

#: Bounds of what is kept for later: networks, and bytes of their weights and optimizers.
_KEPT_NETWORKS = 8
_KEPT_BYTES = 512 * 2**20


class LentNetwork:
    """A network in the hands of one estimator.

    Attributes:
        network: the Keras model, compiled if it is to be trained.
    """

    def __init__(self, network: Any, outputs: Callable[[Array], Array] | None = None) -> None:
        self.network = network
        self.outputs = outputs or _outputs_of(network)


@dataclass(eq=False)
class _Kept:
    lent: LentNetwork
    slots: Sequence[float]
    size: int
    holder: weakref.ref[LentNetwork]


_kept: OrderedDict[str, _Kept] = OrderedDict()


def lend(key: str | None, build: Callable[[], Any], compile_network: Callable[[Any], None]) -> Any:
    """Return a compiled network with fresh weights.

    Args:
        key: says all that is traced; networks of one key differ in the values of their variables.
            None for a network that must not be kept.
        build: returns the network, with weights that the seed decides.
        compile_network: gives it optimizer, loss and metrics.
    """
    kept = _free(key)
    if kept is None:
        # Only what Keras remembers of networks that are gone; those that are kept stay usable.
        runtime.forget_models()
    network = build()
    if kept is not None:
        _make_fresh(kept, network)
        lent = LentNetwork(kept.lent.network, kept.lent.outputs)
        kept.holder = weakref.ref(lent)
        return lent
    compile_network(network)
    lent = LentNetwork(network)
    if key is not None:
        _keep(key, lent)
    return lent


def forget() -> None:
    """Drop all that is kept."""
    _kept.clear()


def _free(key: str | None) -> _Kept | None:
    kept = _kept.get(key) if key is not None else None
    if kept is None:
        return None
    if kept.holder() is not None:
        # An estimator that nobody can reach any more, but that holds itself.
        gc.collect()
    if kept.holder() is not None:
        return None
    _kept.move_to_end(str(key))
    return kept


def _keep(key: str, lent: LentNetwork) -> None:
    optimizer = lent.network.optimizer
    optimizer.build(lent.network.trainable_variables)
    variables = [*lent.network.variables, *optimizer.variables]
    size = sum(int(np.prod(variable.shape)) * 4 for variable in variables)
    slots = _constant_values(optimizer.variables)
    if slots is None or size > _KEPT_BYTES:
        return
    # A second object: the first one's end says that its estimator is gone.
    own = LentNetwork(lent.network, lent.outputs)
    _kept[key] = _Kept(own, slots, size, weakref.ref(lent))
    while len(_kept) > _KEPT_NETWORKS or sum(each.size for each in _kept.values()) > _KEPT_BYTES:
        _kept.popitem(last=False)


def _constant_values(variables: Sequence[Any]) -> Sequence[float] | None:
    """Return what each variable is filled with; None if one holds different numbers."""
    values = []
    for variable in variables:
        numbers = runtime.as_numpy(variable)
        if numbers.size and numbers.min() != numbers.max():
            return None
        values.append(float(numbers.flat[0]) if numbers.size else 0.0)
    return values


def _make_fresh(kept: _Kept, fresh: Any) -> None:
    network = kept.lent.network
    for variable, new in zip(network.variables, fresh.variables, strict=True):
        variable.assign(new)
    for variable, value in zip(network.optimizer.variables, kept.slots, strict=True):
        variable.assign(np.full(variable.shape, value, dtype=variable.dtype))


def _outputs_of(network: Any) -> Callable[[Array], Array]:
    """Return the function from samples, float32 `(n, *sample_shape)`, to outputs."""
    if backend.chosen() != "tensorflow":
        return lambda x: np.asarray(network.predict_on_batch(x))
    import tensorflow as tf

    # One graph for any number of samples, traced when it is first needed.
    signature = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)]
    traced = tf.function(
        lambda x: network(x, training=False), input_signature=signature, autograph=False
    )
    return lambda x: np.asarray(traced(tf.constant(x, tf.float32)))
