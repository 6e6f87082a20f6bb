"""Standard scores of columns, whatever the memory layout of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gridwright.contract import Array, Float64Array

#: Rows that are converted to float64 at a time.
_BLOCK_BYTES = 1 << 19


@dataclass(frozen=True)
class Scaler:
    """(x - mean) / scale for each column, `scale` being its standard deviation.

    The paper (section 3) divides by the variance. That is not a standard score: it depends on the
    unit of the column, which scaling is there to remove; the standard deviation does.
    A column without any variance is only centred: its scale is 1.

    Attributes:
        mean: `(n_columns,)`.
        scale: `(n_columns,)`, never 0.
    """

    mean: Float64Array
    scale: Float64Array

    @staticmethod
    def fit(x: Array, weight: Array | None = None) -> Scaler:
        """Return the scaler of `x` `(n, n_columns)`, in two passes over blocks of rows.

        Args:
            x: real numbers of any type; never copied as a whole.
            weight: sample weights `(n,)`, None for all ones.
        """
        columns = x.shape[1]
        rows = max(1, _BLOCK_BYTES // (8 * columns))
        blocks = [slice(start, start + rows) for start in range(0, len(x), rows)]
        mass = float(len(x)) if weight is None else float(weight.sum(dtype=np.float64))
        total, squares = np.zeros(columns), np.zeros(columns)
        for block in blocks:
            total += _weighted_sum(x[block].astype(np.float64), weight, block)
        mean = total / mass
        for block in blocks:
            centred = x[block].astype(np.float64)
            centred -= mean
            np.multiply(centred, centred, out=centred)
            squares += _weighted_sum(centred, weight, block)
        scale = np.sqrt(squares / mass)
        # Rounding leaves a trace of variance in a constant column of large numbers.
        scale[scale <= 10.0 * np.finfo(np.float64).eps * np.abs(mean)] = 1.0
        return Scaler(mean, scale)

    def transform(self, x: Array, out: Array) -> None:
        """Write the scaled `x` into `out`, both `(n, n_columns)`."""
        # Numbers that float32 holds exactly need no float64 arithmetic on the way.
        precision = np.result_type(x.dtype, out.dtype)
        np.subtract(x, self.mean.astype(precision), out=out, casting="same_kind")
        np.divide(out, self.scale.astype(out.dtype), out=out)

    def inverse(self, x: Array) -> Float64Array:
        """Return scaled values in their own unit again."""
        restored: Float64Array = x * self.scale + self.mean
        return restored


def _weighted_sum(values: Array, weight: Array | None, rows: slice) -> Array:
    total: Array = values.sum(axis=0) if weight is None else weight[rows] @ values
    return total
