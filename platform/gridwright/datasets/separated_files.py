"""CSV, TSV and their kin: separated values in a file of text -> an Arrow table."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from gridwright.datasets.csv_dialect import SAMPLE, SPACES, Dialect, dialect_of
from gridwright.datasets.table_reading import BLOCK, ReadingOptions, ReadTable
from gridwright.datasets.text_encoding import NATIONAL
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_separated(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    """Return the table of a file of separated values, whose dialect is found out where not set.

    Raises:
        DatasetError: it is no text, empty, or has two columns of one name.
    """
    with opened() as file:
        sample = file.read(SAMPLE)
        whole = not file.read(1)
    try:
        dialect = dialect_of(
            sample,
            whole=whole,
            encoding=options.encoding,
            separator=options.separator,
            decimal=options.decimal,
            header=options.header,
            known_names=options.known_names,
        )
    except DatasetError as error:
        raise DatasetError(f"{path} cannot be read as a table: {error}") from error
    _refuse_duplicates(path, dialect)
    if dialect.separator == SPACES:
        opened, dialect = _with_tabs(opened, dialect)
    table = _parsed(opened, dialect, options)
    if table is None:
        # What is not UTF-8 came after the sample.
        dialect = replace(dialect, encoding="cp1252")
        table = _parsed(opened, dialect, options)
    if table is None or table.num_rows == 0:
        raise DatasetError(f"{path} is empty: it has a header and no rows")
    return ReadTable(table, True, tuple(_notes(dialect)), dialect.decimal)


def _with_tabs(
    opened: Callable[[], Any], dialect: Dialect
) -> tuple[Callable[[], BinaryIO], Dialect]:
    """Return a table between whose columns are spaces as one with tabs, which Arrow can read."""
    with opened() as file:
        lines = file.read().decode(dialect.encoding).splitlines()[dialect.skipped :]
    rows = csv.reader(
        (line.expandtabs(1).strip() for line in lines), delimiter=SPACES, skipinitialspace=True
    )
    text = io.StringIO()
    csv.writer(text, delimiter="\t", lineterminator="\n").writerows(row for row in rows if row)
    content = text.getvalue().encode()
    dialect = replace(dialect, encoding="utf-8", separator="\t", skipped=0)
    return lambda: io.BytesIO(content), dialect


def _parsed(
    opened: Callable[[], Any], dialect: Dialect, options: ReadingOptions
) -> pa.Table | None:
    """Return the table; None where some text is not written in UTF-8, though its beginning is."""
    from pyarrow import csv as arrow_csv

    names = list(dialect.names) if dialect.header else list(map(str, range(len(dialect.names))))
    # Arrow reads UTF-8 as it is, and everything else through Python.
    encoding = "utf8" if dialect.encoding in {"utf-8", "utf-8-sig"} else dialect.encoding
    if encoding == "cp1252":
        encoding = "latin-1" if _has_gaps_of_cp1252(opened) else "cp1252"
    # Each word more that stands for a gap costs Arrow time at every value.
    spaces = ("", " ") if dialect.spaced else ("",)
    with opened() as file:
        try:
            table = arrow_csv.read_csv(
                file,
                read_options=arrow_csv.ReadOptions(
                    column_names=names,
                    skip_rows=dialect.skipped,
                    skip_rows_after_names=int(dialect.header),
                    encoding=encoding,
                    block_size=BLOCK,
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=dialect.separator, newlines_in_values=True
                ),
                convert_options=arrow_csv.ConvertOptions(
                    null_values=[space + word for space in spaces for word in options.missing],
                    strings_can_be_null=True,
                    decimal_point=dialect.decimal,
                    true_values=["True", "TRUE", "true"],
                    false_values=["False", "FALSE", "false"],
                ),
            )
        except UnicodeDecodeError:
            if encoding == "utf8":
                return None
            raise
    if encoding == "utf8" and any(pa.types.is_binary(field.type) for field in table.schema):
        return None
    return table


def _has_gaps_of_cp1252(opened: Callable[[], Any]) -> bool:
    """Tell whether the file holds one of the five bytes that mean nothing in Windows-1252."""
    with opened() as file:
        while block := file.read(BLOCK):
            if any(byte in block for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):
                return True
    return False


def _refuse_duplicates(path: Path, dialect: Dialect) -> None:
    if not dialect.header:
        return
    seen: dict[str, int] = {}
    for place, name in enumerate(dialect.names, start=1):
        if name in seen:
            raise DatasetError(
                f"{path} names column {seen[name]} and column {place} {name!r} (counted from 1): "
                "every column needs a name of its own"
            )
        seen[name] = place


def _notes(dialect: Dialect) -> list[str]:
    notes = []
    if called := NATIONAL.get(dialect.encoding):
        notes.append(f"read as {called}, for it is not UTF-8; dataset.encoding sets another")
    if not dialect.header:
        notes.append(
            "read as a file without a header: its columns are called 0, 1, ...; "
            "dataset.header=true takes the first row for names"
        )
    if dialect.decimal == ",":
        notes.append("read with decimal commas; dataset.decimal=. sets points")
    return notes
