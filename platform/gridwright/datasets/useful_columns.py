"""Which columns of a table tell something: those with one value, and mere names, do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridwright.datasets.column_types import types_argument
from gridwright.datasets.dates import ways_of_dates
from gridwright.datasets.table import KINDS, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A text column with more distinct values than this share of its rows names things, one each.
_MOSTLY_DISTINCT = 0.5
_FEW = 20


def useless(column: Column | None) -> str | None:
    """Return why a column is no feature; None for one that may be."""
    if column is None:
        return "it has no value at all"
    if not column.optional and (column.values == column.values[0]).all():
        value = column.take(slice(1)).as_written()[0]
        return f"it has the same value in every row ({value!r})"
    if column.kind == "category":
        # Only texts: to count the different values of a large column of numbers takes long.
        present = column.values[~column.gaps]
        distinct = len(np.unique(present))
        if distinct > max(_FEW, _MOSTLY_DISTINCT * len(present)):
            if ways := ways_of_dates(column.vocabulary):
                return (
                    f"its dates are not all written in one way ({', '.join(map(repr, ways[:3]))}): "
                    f"write each of them as {ways[0]!r} is, and leave out what is none"
                )
            return (
                f"{distinct} of its {len(present)} texts are different, as in names or ids "
                f"({types_argument(column.name, 'category')} keeps it)"
            )
    if counts_rows(column):
        return f"it numbers the rows ({types_argument(column.name, 'number')} keeps it)"
    return None


def counts_rows(column: Column) -> bool:
    """Tell whether a column called id, index or the like only ever grows."""
    if column.kind != "number" or not column.whole:
        return False
    words = {"id", "index", "idx", "row", "rowid", "no", "nr", "unnamed: 0"}
    called = column.name.strip().lower()
    steps = np.diff(column.values)
    likely = called in words or called.endswith(("_id", " id", "-id"))
    return likely and len(steps) > 0 and bool((steps > 0).all())


def summary_of(columns: Sequence[Column]) -> str:
    """Return how many columns of which kind there are, and which have gaps, in a line."""
    counts = {kind: sum(column.kind == kind for column in columns) for kind in KINDS}
    plural = {"number": "numbers", "boolean": "booleans", "category": "categories", "date": "dates"}
    parts = [
        f"{count} {kind if count == 1 else plural[kind]}" for kind, count in counts.items() if count
    ]
    gaps = [column.name for column in columns if column.optional]
    text = f"features: {', '.join(parts)}"
    if gaps:
        named = ", ".join(map(repr, gaps[:3])) + (", ..." if len(gaps) > 3 else "")
        text += (
            f"; gaps in {len(gaps)} ({named}) are filled with the median or stand for themselves"
        )
    return text
