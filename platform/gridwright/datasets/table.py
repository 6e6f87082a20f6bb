"""A table as it was read: typed columns with their gaps, before anything is learned from it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gridwright.datasets.mapped_arrays import MappedArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import Array
    from gridwright.datasets.written_numbers import Notation

Kind = Literal["number", "boolean", "category", "date"]
#: Grows when the same table is encoded differently: the keys of its trials depend on it.
ENCODING_VERSION = 1
#: Values of a category with a column of their own, unless `dataset.max_categories` says otherwise.
MOST_CATEGORIES = 50
KINDS: tuple[Kind, ...] = ("number", "boolean", "category", "date")


@dataclass(frozen=True, eq=False)
class Column:
    """One column; `n` values, read-only, gaps marked by the type's own means.

    Attributes:
        name: as in the file.
        kind: what its values mean.
        values: `(n,)`: a number is float64 (gap: NaN), a boolean int8 (gap: -1), a category
            int32, its place in `vocabulary` (gap: -1), a date datetime64[us] (gap: NaT).
        vocabulary: distinct values of a category, sorted.
        whole: the numbers of the file are whole ones, and none is missing.
        date_format: how a date that is text is written, as for strptime; empty for ISO 8601.
        native: a date that the file holds as one, and not as text; a category that is a number.
        optional: the file has gaps in this column.
        notation: how numbers that are text are written, such as `$1,234.50`; None for plain ones.
    """

    name: str
    kind: Kind
    values: Array
    vocabulary: tuple[str, ...] = ()
    whole: bool = False
    date_format: str = ""
    native: bool = False
    optional: bool = False
    notation: Notation | None = None

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def gaps(self) -> Array:
        """Which values are missing, bool `(n,)`."""
        if self.kind == "number":
            return np.isnan(self.values)
        if self.kind == "date":
            return np.isnat(self.values)
        missing: Array = self.values < 0
        return missing

    def take(self, rows: Array | slice) -> Column:
        """Return the column with the values of `rows`; of mapped ones in a file again."""
        values = self.values
        if isinstance(values, MappedArray) and not isinstance(rows, slice):
            # A served model has no such columns, and the packages that write files are not there.
            from gridwright.datasets.stored_arrays import taken

            return replace(self, values=taken(values, rows))
        return replace(self, values=values[rows])

    def as_written(self) -> list[Any]:
        """Return the values as plain ones that JSON can hold, None for gaps."""
        gaps = self.gaps.tolist()
        if self.kind == "date":
            form = self.date_format
            texts = [
                value.isoformat() if not form else value.strftime(form)
                for value in self.values.astype("datetime64[us]").tolist()
                if value is not None
            ]
            found = iter(texts)
            return [None if gap else next(found) for gap in gaps]
        if self.notation is not None:
            return [
                None if gap else self.notation.write(value)
                for value, gap in zip(self.values.tolist(), gaps, strict=True)
            ]
        if self.kind == "number" and self.whole:
            return [
                None if gap else int(value) for value, gap in zip(self.values, gaps, strict=True)
            ]
        plain = self.values.tolist()
        if self.kind == "boolean":
            plain = [bool(value) for value in plain]
        if self.kind == "category":
            words = [float(word) if self.native else word for word in self.vocabulary]
            if self.native and all(float(word).is_integer() for word in words):
                words = [int(word) for word in words]
            plain = [words[code] if code >= 0 else None for code in plain]
        return [None if gap else value for value, gap in zip(plain, gaps, strict=True)]


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of one length; indexed by rows, as an array of samples is.

    Attributes:
        columns: in the order of the file.
        missing: texts that stand for a gap, wherever they are met.
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    def __getitem__(self, rows: Array | slice) -> Table:
        return replace(self, columns=tuple(column.take(rows) for column in self.columns))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)

    def rows_as_written(self) -> list[list[Any]]:
        """Return the rows as lists of plain values, None for gaps."""
        return [list(row) for row in zip(*(c.as_written() for c in self.columns), strict=True)]

    def arrays(self) -> Mapping[str, Array]:
        """Return the values of the columns by their place, for a digest."""
        return {f"column {place}": column.values for place, column in enumerate(self.columns)}

    def properties(self) -> Sequence[Any]:
        """Return all that gives the values their meaning, for a digest."""
        return [
            [
                *(c.name, c.kind, c.vocabulary, c.whole, c.date_format, c.native, c.optional),
                *([] if c.notation is None else [asdict(c.notation)]),
            ]
            for c in self.columns
        ]
