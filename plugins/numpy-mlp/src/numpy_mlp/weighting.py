"""Sample weights: what a weight of 0 and a weight of k mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import _check_sample_weight

if TYPE_CHECKING:
    from gridwright.contract import Array


#: Elements above which data are not sorted.
_LARGE = 1 << 20


def usable_rows(
    x: Array, y: Array, sample_weight: Array | None
) -> tuple[Array, Array, Array | None]:
    """Return the samples whose weight is not 0, and their weights as float64 `(n,)`.

    Raises:
        ValueError: weights of the wrong shape, negative, not finite, or all 0.
    """
    if sample_weight is None:
        return x, y, None
    weight = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
    used = weight > 0.0
    if used.all():
        return x, y, weight
    return x[used], y[used], weight[used]


def without_repeats(x: Array, y: Array, weight: Array | None) -> tuple[Array, Array, Array | None]:
    """Return the distinct samples in sorted order, the weights of equal ones added up.

    For training in one batch, where the order of samples has no meaning: additions then happen in
    the same order for the same set of samples, so that a weight of k and k copies, and any
    permutation of the data, train to the same bits. Large data are returned as they are: sorting
    them takes a copy, and they agree up to rounding only.
    """
    if x.size > _LARGE:
        return x, y, weight
    _, codes = np.unique(y, axis=0, return_inverse=True)
    table = np.column_stack([x.astype(np.float64), codes.reshape(-1)])
    _, first, inverse = np.unique(table, axis=0, return_index=True, return_inverse=True)
    mass = np.bincount(inverse.reshape(-1), weights=weight)
    if np.all(mass == mass[0]):
        return x[first], y[first], None
    return x[first], y[first], mass
