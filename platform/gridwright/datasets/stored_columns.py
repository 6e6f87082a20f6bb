"""Columns of a table that is larger than memory, in a file each, and the matrix made of them.

One column at a time is in memory, also for what is learned from it; a matrix is made some rows at a
time.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from gridwright.datasets.digests import bytes_of
from gridwright.datasets.mapped_arrays import MappedArray
from gridwright.datasets.stored_arrays import Form, stored

if TYPE_CHECKING:
    from gridwright.contract import Array
    from gridwright.datasets.preprocessing import Preprocessing
    from gridwright.datasets.table import Column, Table


def stored_column(column: Column) -> Column:
    """Return the column with its values in a file."""
    values = column.values
    form = Form(values.shape, values.dtype)
    key = f"column {_identity(values)}"
    return replace(column, values=stored(key, form, lambda: (values[s] for s in form.steps())))


def stored_matrix(preprocessing: Preprocessing, table: Table) -> Array:
    """Return what `preprocessing` makes of a table, `(n, n_features)`, in a file, read-only."""
    form = Form((len(table), len(preprocessing.features)), np.dtype(np.float64))
    columns = [_identity(column.values) for column in table.columns]
    key = f"matrix {preprocessing.to_json()} {columns}"
    return stored(key, form, lambda: (preprocessing.encode(table[s]) for s in form.steps()))


def _identity(values: Array) -> str:
    """Return what tells these values from all others: their place in a file, or their digest."""
    if isinstance(values, MappedArray) and values.path is not None:
        return str(values.place)
    return sha256(bytes_of(values)).hexdigest()
