"""Rows of a table that are kept: those with a target, and, if `dataset.missing` says so, no gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets.settings import choice_option
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    import pyarrow as pa

_POLICIES = ("impute", "drop", "refuse")


def rows_with(table: pa.Table, targets: Sequence[str], source: str) -> tuple[Any, list[str]]:
    """Return which rows have a target, and what is said: the others teach nothing.

    Returns:
        Truth values, `(n,)`; None for all rows.

    Raises:
        DatasetError: no row has one.
    """
    valid = _all_valid(table.select(list(targets)))
    if valid.true_count == 0:
        raise DatasetError(f"{source}: every value of the target {targets[0]!r} is missing")
    lost = table.num_rows - valid.true_count
    note = (
        f"{lost} of {table.num_rows} rows are left out, for their target "
        f"{' or '.join(map(repr, targets))} is missing"
    )
    return (valid, [note]) if lost else (None, [])


def by_policy(
    table: pa.Table, policy: Any, dropped: AbstractSet[str], source: str
) -> tuple[Any, list[str]]:
    """Return which rows `dataset.missing` keeps, None for all, and what is said about the others.

    Args:
        table: all rows.
        policy: impute, drop or refuse; None is impute.
        dropped: columns whose gaps do not count.
        source: where the table came from.

    Raises:
        DatasetError: an unknown policy, a gap where none is allowed, or no row is left.
    """
    if choice_option("missing", policy, _POLICIES) in {None, "impute"}:
        return None, []
    counted = table.select([name for name in table.column_names if name not in dropped])
    valid = _all_valid(counted)
    lost = table.num_rows - valid.true_count
    if policy == "refuse" and lost:
        name = next(name for name in counted.column_names if counted[name].null_count)
        row = counted[name].is_null().to_numpy().argmax() + 1
        raise DatasetError(
            f"{source}: column {name!r} has no value in row {row} (counted from 1, "
            "without the header), and dataset.missing=refuse asks for none missing: set it to "
            "impute or drop"
        )
    if valid.true_count == 0:
        raise DatasetError(
            f"{source}: dataset.missing=drop leaves no row, for every one has a gap: set "
            "it to impute"
        )
    if not lost:
        return None, []
    return valid, [f"{lost} of {table.num_rows} rows with gaps are left out"]


def _all_valid(table: pa.Table) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    valid = pa.array(np.ones(table.num_rows, bool))
    for column in table.columns:
        valid = pc.and_(valid, pc.is_valid(column).combine_chunks())
    return valid
