"""How a file of separated values is written: encoding, separator, decimal point, header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridwright.datasets.text_encoding import decoded_text, encoding_of
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

SEPARATORS = (",", ";", "\t", "|")
#: A separator that may be repeated, and that tabs count as, too.
SPACES = " "
#: Bytes at the beginning of a file that its dialect is told from.
SAMPLE = 1 << 17
_COMMA_NUMBER = re.compile(r"\s*[-+]?\d+,\d+(e[-+]?\d+)?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)(e[-+]?\d+)?\s*", re.IGNORECASE)
#: What Excel takes for the separator, in a first line of its own.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_MOST_TITLES = 10
_DATE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file of separated values is written.

    Attributes:
        encoding: Python's name of it.
        separator: one character; a space stands for any number of spaces and tabs.
        decimal: the decimal point, `.` or `,`.
        header: whether the first row holds the names of the columns.
        names: cells of the first row.
        skipped: lines before it: empty ones, comments after a `#`, `sep=;`, a title.
        spaced: whether values may begin with a space, as after `, `.
    """

    encoding: str
    separator: str
    decimal: str
    header: bool
    names: tuple[str, ...]
    skipped: int = 0
    spaced: bool = False


def dialect_of(
    sample: bytes,
    *,
    whole: bool,
    encoding: str | None = None,
    separator: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    known_names: AbstractSet[str] = frozenset(),
) -> Dialect:
    """Return how the file that begins with `sample` is written; what is given is taken as it is.

    Args:
        sample: the first bytes of the file.
        whole: they are all of it.
        encoding: Python's name of it.
        separator: one character.
        decimal: the decimal point.
        header: whether the first row holds names.
        known_names: columns that the user speaks of: a first row that has one is a header.

    Raises:
        DatasetError: the file is no text of that encoding, or holds nothing.
    """
    encoding = encoding or encoding_of(sample, known_names)
    text = decoded_text(sample, encoding)
    if not whole:
        text = text[: text.rfind("\n") + 1] or text
    if not text.strip():
        raise DatasetError("it is empty")
    skipped = _skipped(text)
    lines = text.splitlines(keepends=True)
    if said := _SEPARATOR_LINE.fullmatch(lines[skipped].strip()):
        skipped += 1
        separator = separator or said[1]
    text = "".join(lines[skipped:])
    if not text.strip():
        raise DatasetError("it is empty")
    separator = separator or _separator_of(text)
    titles = _titles(lines[skipped:], separator, known_names)
    text = "".join(lines[skipped + titles :])
    rows = _rows(text, separator)
    named = (not known_names.isdisjoint(rows[0]) or _has_header(rows)) if header is None else header
    return Dialect(
        encoding,
        separator,
        decimal or _decimal_of(rows, separator),
        named,
        # As pandas calls the column of an index that was written without a name.
        tuple(
            cell.strip() or f"Unnamed: {place}"
            for place, cell in enumerate(_names(rows) if named else rows[0])
        ),
        skipped + titles,
        any(cell.startswith(" ") for row in rows for cell in row),
    )


def _names(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the header, with a cell more where every row has one more.

    Rows may end with a separator, and R writes the names of rows without a name of their own.
    """
    first, rest = rows[0], rows[1:]
    if not rest or any(len(row) != len(first) + 1 for row in rest):
        return first
    return ["", *first] if any(row[-1].strip() for row in rest) else [*first, ""]


def _titles(lines: Sequence[str], separator: str, known_names: AbstractSet[str]) -> int:
    """Return how many lines stand before the names that the user speaks of, as a title does.

    They have fewer cells: a first line with as many is the header, and a name was misspelt.
    """
    widths = [0]
    for place, line in enumerate(lines[:_MOST_TITLES]):
        cells = [cell.strip() for cell in _rows(line, separator)[0]]
        if not known_names.isdisjoint(cells):
            return place if max(widths) < len(cells) else 0
        widths.append(len(cells))
    return 0


def _skipped(text: str) -> int:
    """Return how many lines stand before the table: empty ones, and comments without a cell."""
    for count, line in enumerate(text.splitlines()):
        comment = line.startswith("#") and not any(mark in line for mark in SEPARATORS)
        if line.strip() and not comment:
            return count
    return 0


def _separator_of(text: str) -> str:
    """Return the separator by which most rows have the same number of cells, and at least 2."""

    def merit(separator: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in _rows(text, separator))
        width, count = widths.most_common(1)[0]
        return (count / widths.total() if width > 1 else 0.0, width)

    best = max(SEPARATORS, key=merit)
    return SPACES if _spaced_width(text) > merit(best)[1] else best


def _spaced_width(text: str) -> int:
    """Return the cells of a row, if the rows are numbers mostly, with spaces between them; or 0."""
    rows = _rows(text, SPACES)
    cells = [cell for row in rows for cell in row]
    numbers = sum(bool(_NUMBER.fullmatch(cell)) for cell in cells)
    spaced = len({len(row) for row in rows}) == 1 and 2 * numbers > len(cells)
    return len(rows[0]) if spaced else 0


def _rows(text: str, separator: str) -> list[list[str]]:
    csv.field_size_limit(1 << 24)
    lines = text.splitlines(keepends=True)
    if separator == SPACES:
        lines = [line.expandtabs(1).strip() for line in lines]
    # Spaces that follow a separator are skipped: so many spaces are one.
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=separator == SPACES)
    try:
        return [row for row in rows if row][:1000] or [[""]]
    except csv.Error as error:
        raise DatasetError(f"line {rows.line_num} cannot be read ({error})") from error


def _decimal_of(rows: Sequence[Sequence[str]], separator: str) -> str:
    if separator == ",":
        return "."
    cells = [cell for row in rows[1:] for cell in row]
    commas = sum(bool(_COMMA_NUMBER.fullmatch(cell)) for cell in cells)
    points = sum("." in cell and bool(_NUMBER.fullmatch(cell)) for cell in cells)
    return "," if commas > points else "."


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names the columns: none of its cells is a number or a date.

    A number in the first row counts only where the column goes on with numbers.
    """
    first, rest = rows[0], rows[1:]

    def is_value(cell: str) -> bool:
        return bool(_NUMBER.fullmatch(cell) or _DATE.fullmatch(cell))

    for place, cell in enumerate(first):
        if is_value(cell) and any(is_value(row[place]) for row in rest if place < len(row)):
            return False
    return True
