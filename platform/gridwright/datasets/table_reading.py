"""What every reader of tables is told, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

#: Bytes of a file that are read at a time.
BLOCK = 1 << 22
#: Texts that stand for a missing value, unless `dataset.missing_values` says otherwise.
MISSING = (
    *("", " ", "?", "-", "NA", "N/A", "n/a", "#N/A", "<NA>"),
    *("NaN", "nan", "-nan", "NaT", "NULL", "null", "None"),
)


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How a file of separated values is to be read; None has it found out.

    Attributes:
        separator: one character.
        encoding: Python's name of it.
        decimal: the decimal point.
        header: whether the first row holds names.
        missing: texts that stand for a missing value.
        known_names: columns that the user speaks of: a first row that has one is a header.
        in_pieces: the table may be larger than memory.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    header: bool | None = None
    missing: tuple[str, ...] = MISSING
    known_names: frozenset[str] = frozenset()
    in_pieces: bool = False


@dataclass(frozen=True, slots=True)
class ReadTable:
    """What a file holds.

    Attributes:
        table: its columns.
        textual: its values were text, from which the types were told.
        notes: what was decided on the way, in sentences.
        decimal: the decimal point of a text file.
        key: what tells a table that is larger than memory, and lies in a mapped file, from all
            others; empty for a table in memory.
    """

    table: pa.Table
    textual: bool
    notes: tuple[str, ...] = ()
    decimal: str = "."
    key: str = ""
