"""Encoded data and its minibatches, in buffers that are made once.

Batches are cut out of chunks. A chunk is the smallest number of whole batches that is worth a
call: a small data set is one chunk, and its epoch costs one gather; a large one has a batch per
chunk, and no scaled copy of it ever exists.

Shapes: features `(n, n_features)` in the type the user gave; `Chunk.features` is scaled, in the
network's type, and has a last column of ones: `(rows, n_features + 1)`, a^(0) of `network`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridwright.contract import Array
    from numpy_mlp.scaling import Scaler

#: A chunk grows by whole batches up to this size; data below the second size are scaled once.
CHUNK_BYTES = 1 << 18
SCALE_ONCE_BYTES = 1 << 20
#: Rows are gathered and scaled in blocks that stay in the processor's cache.
_BLOCK_BYTES = 1 << 17


class Scratch(NamedTuple):
    """Rows on their way from the data to a batch: as they were given, and centred."""

    raw: Array
    centred: Array


class Samples:
    """A data set as the network sees it.

    Args:
        x: real numbers `(n, n_features)`, C-ordered; never changed, never copied if large.
        target: class codes `(n,)` (integers) or scaled targets `(n, n_outputs)` (floats).
        n_outputs: columns of the network's output.
        scaler: of the features.
        dtype: of the network.
        weight: sample weights `(n,)` with mean 1, or None for all ones.
    """

    def __init__(
        self,
        x: Array,
        target: Array,
        *,
        n_outputs: int,
        scaler: Scaler,
        dtype: np.dtype[np.floating],
        weight: Array | None = None,
    ) -> None:
        self.n_samples, self.n_features = x.shape
        self.n_outputs = n_outputs
        self.dtype = dtype
        self.target = target
        self.weight = weight
        self._x = x
        self._one_hot = np.eye(n_outputs, dtype=dtype)
        precision = np.result_type(x.dtype, dtype)
        self._mean = scaler.mean.astype(precision)
        self._inverse_scale = (1.0 / scaler.scale).astype(dtype)
        self._scaled: Array | None = None

    def _all_scaled(self) -> Array:
        if self._scaled is None:
            self._scaled = self._scale_all()
        return self._scaled

    def _scale_all(self) -> Array:
        scaled = np.ones((self.n_samples, self.n_features + 1), self.dtype)
        self._scale(self._x, scaled[:, :-1], np.empty(self._x.shape, self.dtype))
        return scaled

    def _scale(self, x: Array, out: Array, scratch: Array) -> None:
        # Rows of `out` lie apart (its column of ones): one of the two calls is spared that.
        np.subtract(x, self._mean, out=scratch, casting="same_kind")
        np.multiply(scratch, self._inverse_scale, out=out)

    def gather_features(self, rows: Array, out: Array, scratch: Scratch | None) -> None:
        """Write the scaled features of `rows` into `out` `(len(rows), n_features + 1)`.

        `scratch` is what this object's `scratch()` made.
        """
        if scratch is None:
            self._all_scaled().take(rows, axis=0, out=out, mode="clip")
            return
        size = len(scratch.raw)
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            raw = scratch.raw[: len(part)]
            # mode="clip" lets numpy write straight into `out`; the default makes a copy first.
            self._x.take(part, axis=0, out=raw, mode="clip")
            self._scale(raw, out[start : start + len(part), :-1], scratch.centred[: len(part)])

    def scratch(self) -> Scratch | None:
        """Return what `gather_features` needs, None where it needs nothing."""
        if self.n_samples * (self.n_features + 1) * self.dtype.itemsize <= SCALE_ONCE_BYTES:
            return None
        row_bytes = self.n_features * max(self._x.itemsize, self.dtype.itemsize)
        rows = min(max(1, _BLOCK_BYTES // row_bytes), self.n_samples)
        raw = np.empty((rows, self.n_features), self._x.dtype)
        same = raw.dtype == self.dtype
        return Scratch(raw, raw if same else np.empty(raw.shape, self.dtype))

    def gather_target(self, rows: Array, out: Array, codes: Array | None) -> None:
        """Write the targets of `rows` into `out` `(len(rows), n_outputs)`.

        For classes these are one-hot rows, and their codes go to `codes` `(len(rows),)`.
        """
        if codes is None:
            self.target.take(rows, axis=0, out=out, mode="clip")
        else:
            self.target.take(rows, out=codes, mode="clip")
            self._one_hot.take(codes, axis=0, out=out, mode="clip")


@dataclass(slots=True)
class Chunk:
    """A stretch of batches: views into `Batches`' buffers, refilled for every use.

    Attributes:
        features: a^(0) `(rows, n_features + 1)`.
        target: `(rows, n_outputs)`.
        output: yhat, filled by the network `(rows, n_outputs)`.
        weight: `(rows, 1)`, or None.
        codes: class codes `(rows,)`, or None in a regression.
    """

    features: Array
    target: Array
    output: Array
    weight: Array | None
    codes: Array | None

    @classmethod
    def room(cls, samples: Samples, rows: Sequence[int], outputs: Sequence[int]) -> Chunk:
        """Return an empty chunk of `samples`; only its column of ones is filled.

        Args:
            samples: whose rows it will hold.
            rows: axes of its rows: `(n,)`, or `(models, n)`.
            outputs: those of the rows of predictions.
        """
        dtype = samples.dtype
        return cls(
            features=np.ones((*rows, samples.n_features + 1), dtype),
            target=np.empty((*rows, samples.n_outputs), dtype),
            output=np.empty((*outputs, samples.n_outputs), dtype),
            weight=None if samples.weight is None else np.empty((*rows, 1), dtype),
            codes=np.empty(rows, samples.target.dtype) if samples.target.ndim == 1 else None,
        )

    def cut(self, start: int, stop: int) -> Chunk:
        """Return rows `start` to `stop` of it, sharing memory."""
        rows = slice(start, stop)
        return Chunk(
            features=self.features[rows],
            target=self.target[rows],
            output=self.output[rows],
            weight=None if self.weight is None else self.weight[rows],
            codes=None if self.codes is None else self.codes[rows],
        )

    def for_models(self, size: int) -> Chunk:
        """Return this chunk with what is the same for all models shown to each of `size`."""

        def shown(array: Array) -> Array:
            return np.broadcast_to(array, (size, *array.shape[1:]))

        return Chunk(
            features=shown(self.features),
            target=shown(self.target),
            output=self.output,
            weight=None if self.weight is None else shown(self.weight),
            codes=None if self.codes is None else shown(self.codes),
        )

    def of_model(self, model: int) -> Chunk:
        """Return what belongs to one of several models, whose axis comes first."""
        return Chunk(
            features=self.features[model],
            target=self.target[model],
            output=self.output[model],
            weight=None if self.weight is None else self.weight[model],
            codes=None if self.codes is None else self.codes[model],
        )


class Batches:
    """Walks over samples in chunks of whole batches.

    Args:
        samples: the data.
        batch_size: rows of a batch.
        shuffled: False for an order that never changes. One batch of all samples is never
            shuffled either: it is a sum over all of them, and needs to be gathered only once.
    """

    def __init__(self, samples: Samples, batch_size: int, *, shuffled: bool = True) -> None:
        self.samples = samples
        self.batch_size = min(batch_size, samples.n_samples)
        row_bytes = (samples.n_features + 1) * samples.dtype.itemsize
        n_batches = max(1, CHUNK_BYTES // (row_bytes * self.batch_size))
        rows = min(n_batches * self.batch_size, samples.n_samples)
        self._scratch = samples.scratch()
        self._chunk = Chunk.room(samples, (rows,), (rows,))
        last = samples.n_samples % rows
        self._last = self._chunk.cut(0, last) if last else self._chunk
        self._in_place = rows == samples.n_samples and (
            not shuffled or self.batch_size == samples.n_samples
        )
        if self._in_place:
            self._fill(self._chunk, np.arange(rows))

    @property
    def chunk(self) -> Chunk:
        """The chunk that all but the last of an epoch use."""
        return self._chunk

    @property
    def last(self) -> Chunk:
        """The last chunk of an epoch: the same memory, with the rows that are left."""
        return self._last

    def chunks(self, rng: np.random.Generator | None = None) -> Iterator[Chunk]:
        """Yield an epoch's chunks, filled; `rng` draws the order of the samples."""
        if self._in_place:
            yield self._chunk
            return
        n_samples = self.samples.n_samples
        # Half the memory of the indices that `take` wants, which are made for a chunk at a time.
        order = np.arange(n_samples, dtype=np.uint32)
        if rng is not None:
            rng.shuffle(order)
        rows = len(self._chunk.features)
        for start in range(0, n_samples, rows):
            part = order[start : start + rows].astype(np.intp)
            chunk = self._chunk if len(part) == rows else self._last
            self._fill(chunk, part)
            yield chunk

    def _fill(self, chunk: Chunk, rows: Array) -> None:
        self.samples.gather_features(rows, chunk.features, self._scratch)
        self.samples.gather_target(rows, chunk.target, chunk.codes)
        if chunk.weight is not None and self.samples.weight is not None:
            self.samples.weight.take(rows, out=chunk.weight[:, 0], mode="clip")
