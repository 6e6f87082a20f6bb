"""Parquet, Feather and JSON: files that tell numbers from texts -> an Arrow table."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gridwright import __version__
from gridwright.datasets.fitting_memory import must_be_streamed
from gridwright.datasets.stored_tables import stored_table
from gridwright.datasets.table_reading import BLOCK, ReadingOptions, ReadTable
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_CELL = 8  # bytes of a number
_ROWS = 1 << 16  # that are read at a time from a file that is larger than memory


def read_parquet(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    """Return the table of a Parquet file.

    Raises:
        DatasetError: it is empty, larger than memory, or has two columns of one name.
    """
    from pyarrow import parquet

    with opened() as file:
        content = parquet.ParquetFile(_seekable(file))
        cells = content.metadata.num_rows * content.metadata.num_columns
        if must_be_streamed(
            path, _CELL * cells, "take fewer rows or columns", allowed=options.in_pieces
        ):
            return _streamed(path, content, options)
        table = content.read()
    return ReadTable(_with_gaps(_checked(path, table), options), textual=False)


def _streamed(path: Path, content: Any, options: ReadingOptions) -> ReadTable:
    """Return the table of a Parquet file that is larger than memory."""
    told = path.stat()
    key = json.dumps(
        [__version__, str(path.absolute()), told.st_size, told.st_mtime_ns, options.missing]
    )
    schema = pa.schema([(field.name, _simple(field.type)) for field in content.schema_arrow])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in content.iter_batches(_ROWS):
            table = _with_gaps(pa.Table.from_batches([batch]), options)
            yield from table.cast(schema).to_batches()

    # As it is in the file, as columns, divided into parts, and encoded.
    room = 4 * _CELL * content.metadata.num_rows * content.metadata.num_columns
    table = stored_table(key, room, schema, batches)
    return ReadTable(_checked(path, table), textual=False, key=key)


def _simple(kind: pa.DataType) -> pa.DataType:
    """Return the type of values without a dictionary: there is one a batch."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def read_feather(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    """Return the table of a Feather file; raises as `read_parquet` does."""
    from pyarrow import feather

    with opened() as file:
        table = feather.read_table(_seekable(file))
    return ReadTable(_with_gaps(_checked(path, table), options), textual=False)


def _seekable(file: Any) -> Any:
    return file if file.seekable() else io.BytesIO(file.read())


def read_json(opened: Callable[[], Any], path: Path, options: ReadingOptions) -> ReadTable:
    """Return the table of a file of JSON: an object a line, or an array of them.

    Raises:
        DatasetError: it is empty, or holds something else.
    """
    from pyarrow import json as arrow_json

    with opened() as file:
        listed = file.read(64).lstrip()[:1] == b"["
    with opened() as file:
        if listed:
            table = _of_records(path, file.read())
        else:
            # One object must fit into a block, and a file is one block if it is small.
            table = arrow_json.read_json(
                file, read_options=arrow_json.ReadOptions(block_size=BLOCK)
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
