"""Batches for Keras, and the order of the samples in every epoch.

The order depends on the seed and the number of the epoch alone, so that a training that was cut
off sees the batches it would have seen. On TensorFlow, batches are gathered and converted one by
one: from tensors, made once for all trials of a process that share them, or from the array itself
where that is large; it may be mapped from a file. Other backends get the arrays themselves.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_cnn import runtime
from keras_cnn.large_arrays import LARGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gridwright.contract import Array

#: Arguments of `keras.Model.fit` that only its own handling of arrays understands.
KERAS_FEEDS = frozenset(
    {"sample_weight", "shuffle", "steps_per_epoch", "validation_split", "validation_steps"}
)
#: Tensors kept of arrays that cannot change: training and validation part of a few data sets.
_KEPT_TENSORS = 8
#: Pipelines kept; each is small, but making one costs as much as an epoch of a table.
_KEPT_FEEDS = 16
#: Batches that are made while the network trains on one before; of large ones, a single one.
_AHEAD = 4


class SampleOrder:
    """The order of the samples in the epoch under way.

    Attributes:
        n: number of samples.
        seed: of all epochs.
        epoch: the one under way, from 0.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.seed = 0
        self.epoch = 0

    def permutation(self) -> Array:
        """Return the positions of the samples, int64 `(n,)`."""
        return np.random.default_rng((self.seed, self.epoch)).permutation(self.n)

    def callback(self) -> Any:
        """Return the Keras callback that follows the epochs."""
        callback = runtime.keras().callbacks.LambdaCallback()

        def begin(epoch: int, _logs: Any = None) -> None:
            self.epoch = epoch

        callback.on_epoch_begin = begin
        return callback


@dataclass(eq=False)
class Feed:
    """A pipeline of batches.

    Attributes:
        dataset: of TensorFlow, `(x, y)` or `(x, y, weight)` a batch.
        order: where the order of the samples comes from; None leaves them as they are.
        parts: the arrays it was made of; a pipeline is taken for these only.
    """

    dataset: Any
    order: SampleOrder | None
    parts: tuple[weakref.ref[Any], ...] = field(repr=False)


_tensors: OrderedDict[int, tuple[weakref.ref[Any], Any]] = OrderedDict()
_feeds: OrderedDict[tuple[Any, ...], Feed] = OrderedDict()


def training_feed(
    x: Array, y: Array, weight: Array | None, *, batch_size: int, original: tuple[Any, Any]
) -> Feed:
    """Return batches in a new order each epoch.

    Args:
        x: samples `(n, *sample_shape)` as the user gave them; converted batch by batch.
        y: encoded targets.
        weight: of each sample, `(n,)`; None for all the same.
        batch_size: samples of a batch.
        original: what identifies `y` and `weight`: the user's array, and how it was encoded.
    """
    return _feed((x, y, weight), batch_size, original, SampleOrder(len(x)))


def validation_feed(x: Array, y: Array, *, batch_size: int, original: tuple[Any, Any]) -> Any:
    """Return TensorFlow's dataset of batches in the order of the samples."""
    return _feed((x, y, None), batch_size, original, None).dataset


def _feed(
    arrays: tuple[Array, Array, Array | None],
    batch_size: int,
    original: tuple[Any, Any],
    order: SampleOrder | None,
) -> Feed:
    x, _, _ = arrays
    source, encoding = original
    key = (id(x), id(source), encoding, batch_size, order is None)
    kept = _feeds.get(key)
    if kept is not None and all(
        ref() is array for ref, array in zip(kept.parts, (x, source), strict=True)
    ):
        _feeds.move_to_end(key)
        return kept
    takes = [_taking(array) for array in arrays if array is not None]
    large = 4 * x[:1].size * batch_size >= LARGE  # bytes of a batch, as float32
    batches = _batches(takes, len(x), batch_size, order, ahead=1 if large else _AHEAD)
    feed = Feed(batches, order, (weakref.ref(x), weakref.ref(source)))
    if _cannot_change(x) and _cannot_change(source):
        _feeds[key] = feed
        if len(_feeds) > _KEPT_FEEDS:
            _feeds.popitem(last=False)
    return feed


def _batches(
    takes: Sequence[Callable[[Any], Any]],
    n: int,
    batch_size: int,
    order: SampleOrder | None,
    *,
    ahead: int,
) -> Any:
    """Return TensorFlow's dataset, which makes `ahead` batches at once."""
    import tensorflow as tf

    def batch(positions: Any) -> tuple[Any, ...]:
        x, *rest = (take(positions) for take in takes)
        return tf.cast(x, tf.float32), *rest

    if order is None:
        positions = tf.data.Dataset.range(n).batch(batch_size)
    else:
        permutations = tf.data.Dataset.from_generator(
            lambda: _once(order), output_signature=tf.TensorSpec((n,), tf.int64)
        )
        positions = permutations.flat_map(
            lambda permutation: tf.data.Dataset.range(0, n, batch_size).map(
                lambda start: permutation[start : start + batch_size]
            )
        )
    batches = positions.map(batch, num_parallel_calls=ahead, deterministic=True)
    counted = batches.apply(tf.data.experimental.assert_cardinality(ceil(n / batch_size)))
    options = tf.data.Options()
    # Its thread sleeps for 10 ms, 20, 40 ... up to 60 s, and the end of an epoch waits for it: up
    # to as long as the epoch took.
    options.autotune.enabled = False
    return counted.prefetch(ahead).with_options(options)


def _once(order: SampleOrder) -> Iterator[Array]:
    yield order.permutation()


def _taking(array: Array) -> Callable[[Any], Any]:
    """Return the function from positions, int64 `(batch,)`, to the rows there, as a tensor."""
    import tensorflow as tf

    if array.nbytes < LARGE:
        tensor = _tensor(array)
        return lambda positions: tf.gather(tensor, positions)

    # A tensor would be a copy in each process, and numpy takes pictures as fast as TensorFlow does.
    def rows(positions: Array) -> Array:
        return array.take(positions, axis=0)

    def take(positions: Any) -> Any:
        taken = tf.numpy_function(rows, [positions], array.dtype, stateful=False)
        return tf.ensure_shape(taken, (None, *array.shape[1:]))

    return take


def _tensor(array: Array) -> Any:
    import tensorflow as tf

    kept = _tensors.get(id(array))
    if kept is not None and kept[0]() is array:
        _tensors.move_to_end(id(array))
        return kept[1]
    # Whatever a device is: gathering from the memory of the host costs less than filling a GPU.
    with tf.device("CPU:0"):
        tensor = tf.constant(array)
    if _cannot_change(array):
        _tensors[id(array)] = (weakref.ref(array), tensor)
        if len(_tensors) > _KEPT_TENSORS:
            _tensors.popitem(last=False)
    return tensor


def _cannot_change(array: Any) -> bool:
    return isinstance(array, np.ndarray) and not array.flags.writeable
