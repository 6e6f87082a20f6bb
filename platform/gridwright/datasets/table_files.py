"""Tables in files that others wrote: CSV, TSV, Parquet, Feather and JSON lines, as Arrow tables."""

from __future__ import annotations

import csv
import io
import json
import lzma
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from gridwright.datasets.csv_dialect import SAMPLE, SPACES, Dialect, dialect_of
from gridwright.datasets.fitting_memory import check_fits
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

#: Texts that stand for a missing value, unless `dataset.missing_values` says otherwise.
MISSING = (
    *("", " ", "?", "-", "NA", "N/A", "n/a", "#N/A", "<NA>"),
    *("NaN", "nan", "-nan", "NaT", "NULL", "null", "None"),
)
_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".xz": "xz"}
_FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
_BLOCK = 1 << 22
_CELL = 8  # bytes of a number
_NATIONAL = {
    "cp1252": "Windows-1252 (Latin-1)",
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "cp932": "Japanese (Shift JIS)",
    "cp949": "Korean (EUC-KR)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
}


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
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    header: bool | None = None
    missing: tuple[str, ...] = MISSING
    known_names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadTable:
    """What a file holds.

    Attributes:
        table: its columns.
        textual: its values were text, from which the types were told.
        notes: what was decided on the way, in sentences.
        decimal: the decimal point of a text file.
    """

    table: pa.Table
    textual: bool
    notes: tuple[str, ...] = ()
    decimal: str = "."


def read_table(path: Path, options: ReadingOptions) -> ReadTable:
    """Return the table in a file, whose format its name tells, compressed or not.

    Raises:
        DatasetError: the file is missing, empty or damaged, or its name tells no format.
    """
    if path.is_dir():
        raise DatasetError(
            f"{path} is a folder, and dataset=table reads one file: name it, or use dataset=images "
            "for a folder of pictures"
        )
    if not path.is_file():
        raise DatasetError(f"there is no file {path}: check dataset.path")
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    compression = _COMPRESSED.get(suffixes[-1]) if suffixes else None
    ending = suffixes[-2:-1] if compression else suffixes[-1:]
    form = _FORMATS.get(ending[0]) if ending else None
    if form is None:
        raise DatasetError(
            f"the name of {path} tells no format of a table: it must end in one of "
            f"{', '.join(sorted(_FORMATS))}, and may have one of {', '.join(_COMPRESSED)} behind it"
        )
    try:
        if path.stat().st_size == 0:
            raise DatasetError(f"{path} is empty")
        return _READERS[form](_opener(path, compression), path, options)
    except PermissionError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}") from error
    except (OSError, EOFError, pa.ArrowException, lzma.LZMAError, UnicodeError) as error:
        raise DatasetError(_explain(path, form, error)) from error


def _opener(path: Path, compression: str | None) -> Callable[[], BinaryIO | pa.NativeFile]:
    def opened() -> BinaryIO | pa.NativeFile:
        if compression == "xz":
            return lzma.open(path)
        if compression is None:
            return pa.memory_map(str(path))
        return pa.CompressedInputStream(pa.OSFile(str(path)), compression)

    return opened


def _read_csv(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
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
                    block_size=_BLOCK,
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
        while block := file.read(_BLOCK):
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
    if called := _NATIONAL.get(dialect.encoding):
        notes.append(f"read as {called}, for it is not UTF-8; dataset.encoding sets another")
    if not dialect.header:
        notes.append(
            "read as a file without a header: its columns are called 0, 1, ...; "
            "dataset.header=true takes the first row for names"
        )
    if dialect.decimal == ",":
        notes.append("read with decimal commas; dataset.decimal=. sets points")
    return notes


def _read_parquet(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    from pyarrow import parquet

    with opened() as file:
        content = parquet.ParquetFile(_seekable(file))
        cells = content.metadata.num_rows * content.metadata.num_columns
        check_fits(path, _CELL * cells, "take fewer rows or columns")
        table = content.read()
    return ReadTable(_with_gaps(_checked(path, table), options), textual=False)


def _read_feather(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    from pyarrow import feather

    with opened() as file:
        table = feather.read_table(_seekable(file))
    return ReadTable(_with_gaps(_checked(path, table), options), textual=False)


def _seekable(file: Any) -> Any:
    return file if file.seekable() else io.BytesIO(file.read())


def _read_json(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    from pyarrow import json as arrow_json

    with opened() as file:
        listed = file.read(64).lstrip()[:1] == b"["
    with opened() as file:
        if listed:
            table = _of_records(path, file.read())
        else:
            # One object must fit into a block, and a file is one block if it is small.
            table = arrow_json.read_json(
                file, read_options=arrow_json.ReadOptions(block_size=_BLOCK)
            )
    return ReadTable(_with_gaps(_checked(path, table), options), textual=True)


def _of_records(path: Path, content: bytes) -> pa.Table:
    """Return the table in one JSON array of objects, as pandas writes it by `orient="records"`."""
    try:
        records = json.loads(content)
    except ValueError as error:
        raise DatasetError(f"{path} cannot be read as JSON: {error}") from error
    if not all(isinstance(record, dict) for record in records):
        raise DatasetError(
            f"{path} is a JSON array, and must hold one object a row: write lines of objects, or "
            "an array of them"
        )
    names = dict.fromkeys(name for record in records for name in record)
    try:
        return pa.table({name: [record.get(name) for record in records] for name in names})
    except pa.ArrowException as error:
        raise DatasetError(f"{path} holds a column of several types: {error}") from error


def _with_gaps(table: pa.Table, options: ReadingOptions) -> pa.Table:
    """Return the table with gaps where its texts stand for one, as in a file of text."""
    import pyarrow.compute as pc

    for place, field in enumerate(table.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            continue
        values = table.column(place).cast(pa.string())
        gaps = pc.is_in(values, pa.array(options.missing, pa.string()))
        if pc.any(gaps).as_py():
            values = pc.if_else(gaps, pa.scalar(None, pa.string()), values)
            table = table.set_column(place, field.name, values)
    return table


def _checked(path: Path, table: pa.Table) -> pa.Table:
    names: Sequence[str] = table.column_names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DatasetError(
            f"{path} has {names.count(repeated[0])} columns with the name {repeated[0]!r}: every "
            "column needs a name of its own"
        )
    if table.num_rows == 0 or not names:
        raise DatasetError(f"{path} is empty: it has no rows")
    # An index that pandas wrote beside the columns is none of them.
    index = [name for name in names if name.startswith("__index_level_")]
    return table.drop_columns(index) if index else table


def _explain(path: Path, form: str, error: Exception) -> str:
    text = " ".join(str(error).split())
    if form == "csv" and isinstance(error, pa.ArrowInvalid):
        return (
            f"{path} cannot be read as a table: {text.removeprefix('CSV parse error: ')}; every "
            "row must have as many values as there are columns; is dataset.separator right?"
        )
    if form == "json" and isinstance(error, pa.ArrowInvalid):
        return (
            f"{path} cannot be read as JSON lines, one object a line: "
            f"{text.removeprefix('JSON parse error: ')}"
        )
    if isinstance(error, UnicodeError):
        return (
            f"{path} is not written in the encoding it was read with ({text}): set "
            "dataset.encoding to the right one"
        )
    return f"{path} is cut short or damaged ({text}): write or fetch it again"


_READERS: dict[str, Callable[[Callable[[], Any], Path, ReadingOptions], ReadTable]] = {
    "csv": _read_csv,
    "parquet": _read_parquet,
    "feather": _read_feather,
    "json": _read_json,
}
