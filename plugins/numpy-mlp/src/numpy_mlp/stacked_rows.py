"""A data set for several models at once, each with its own order of the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from numpy_mlp.samples import Chunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from numpy_mlp.samples import Samples


class Rows:
    """A data set, gathered for every model in its own order: one pass of it.

    Args:
        samples: the data, the same for all models.
        batch_size: rows of a batch; one of all samples is never shuffled, as in `Batches`.
        rngs: each model's, which draws its orders.
        drawing: those that draw more than orders: none, or each model's.

    Attributes:
        chunk: the data of every model, and room for its predictions.
        batches: of a pass, in order; views that stay valid.
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int,
        rngs: Sequence[np.random.Generator],
        drawing: Sequence[np.random.Generator] = (),
    ) -> None:
        size = len(rngs)
        self._samples = samples
        self._batch_size = min(batch_size, samples.n_samples)
        # One order is enough where all would be the same.
        self._rngs = rngs[:1] if not drawing and _in_one_state(rngs) else rngs
        n_samples = samples.n_samples
        self._gathered = Chunk.room(samples, (len(self._rngs), n_samples), (size, n_samples))
        self.chunk = self._gathered.for_models(size)
        self.batches = self._cut()
        self._filled = False

    def shuffle(self) -> None:
        """Gather an epoch."""
        n_samples = self._samples.n_samples
        if self._batch_size == n_samples and self._filled:
            return
        orders = np.empty((len(self._rngs), n_samples), np.intp)
        for own, rng in zip(orders, self._rngs, strict=True):
            order = np.arange(n_samples, dtype=np.uint32)
            if self._batch_size < n_samples:
                rng.shuffle(order)
            own[...] = order
        self._fill(orders)
        self._filled = True

    def _fill(self, orders: Array) -> None:
        samples, chunk = self._samples, self._gathered
        samples.gather_features(orders, chunk.features, None)
        samples.gather_target(orders, chunk.target, chunk.codes)
        if chunk.weight is not None and samples.weight is not None:
            samples.weight.take(orders, out=chunk.weight[:, :, 0], mode="clip")

    def _cut(self) -> list[Batch]:
        chunk = self._gathered
        found = []
        for start in range(0, self._samples.n_samples, self._batch_size):
            rows = slice(start, start + self._batch_size)
            found.append(
                Batch(
                    features=turned(chunk.features[:, rows]),
                    target=turned(chunk.target[:, rows]),
                    weight=None if chunk.weight is None else turned(chunk.weight[:, rows]),
                    output=turned(chunk.output[:, rows]),
                )
            )
        return found


@dataclass(frozen=True)
class Batch:
    """Rows of a pass, unit by unit; what is the same for all models has an axis of length 1.

    Attributes:
        features: `(M or 1, n_features + 1, n)`.
        target: `(M or 1, n_outputs, n)`.
        weight: `(M or 1, 1, n)`, None for all ones.
        output: room for the predictions `(M, n_outputs, n)`.
    """

    features: Array
    target: Array
    weight: Array | None
    output: Array


def _in_one_state(rngs: Sequence[np.random.Generator]) -> bool:
    first = rngs[0].bit_generator.state
    return all(rng.bit_generator.state == first for rng in rngs)


def turned(table: Array) -> Array:
    """Return `(M, n, k)` as `(M, k, n)`, without a copy."""
    turned: Array = table.transpose(0, 2, 1)
    return turned
