"""Samples that may be larger than memory, mapped from a file: looked at one piece after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridwright.contract import Array, Float64Array

#: Bytes of a piece; an array that is no larger may be copied as a whole.
LARGE = 8 << 20
#: Samples, and bytes of them, that are scored at once: 256 large pictures take as much as a set.
_MOST_ROWS = 256
_MOST_BYTES = 32 << 20
_FLOAT32 = 4


def pieces(x: Array) -> Iterator[Array]:
    """Yield the samples of `x (n, *sample_shape)`, some at a time, in order."""
    step = max(1, LARGE // max(1, x[:1].nbytes))
    for start in range(0, len(x), step):
        yield x[start : start + step]


def rows_scored(x: Array) -> int:
    """Return how many samples go through a network at once when they are only scored."""
    sample = _FLOAT32 * max(1, x[:1].size)
    return max(1, min(_MOST_ROWS, _MOST_BYTES // sample))


def as_float32(x: Array) -> Array:
    """Return `x` itself if it is float32, else a copy that is."""
    return x.astype(np.float32, copy=False)


def moments(x: Array) -> tuple[Float64Array, Float64Array]:
    """Return the means and variances along the last axis, `(sample_shape[-1],)` each.

    Those of the pieces are combined as in Chan, Golub and LeVeque (1983), equation 2.1.
    """
    count, mean, variance = 0, np.zeros(x.shape[-1]), np.zeros(x.shape[-1])
    for piece in pieces(x):
        rows = as_float32(piece).reshape(-1, x.shape[-1])
        own, spread = rows.mean(axis=0, dtype=np.float64), rows.var(axis=0, dtype=np.float64)
        share = len(rows) / (count + len(rows))
        if share == 1:
            count, mean, variance = len(rows), own, spread
            continue
        apart = own - mean
        variance = (1 - share) * variance + share * spread + share * (1 - share) * apart**2
        mean = mean + share * apart
        count += len(rows)
    return mean, variance
