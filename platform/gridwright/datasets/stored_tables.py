"""Arrow's tables that are larger than memory, in mapped files: what is used is read."""

from __future__ import annotations

from hashlib import sha256
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa

from gridwright.datasets.stored_arrays import stored_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def stored_table(
    key: str, room: int, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]
) -> pa.Table:
    """Return an Arrow table whose values stay in a file of the data folder.

    Args:
        key: what tells its content from all others.
        room: bytes that the disk must have before it is begun.
        schema: of the batches.
        batches: return its rows, in order; asked for if the file is not there.

    Raises:
        DatasetError: the disk has no room, or cannot be written.
    """

    def write(file: IO[bytes]) -> None:
        with pa.ipc.new_file(file, schema) as writer:
            for batch in batches():
                writer.write_batch(batch)

    path = stored_file(f"{key} {schema}", room, write)
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def kept_rows(table: pa.Table, valid: pa.BooleanArray, key: str) -> pa.Table:
    """Return the rows of `table` where `valid` is true, in a file again; see `stored_table`."""

    def batches() -> Iterable[pa.RecordBatch]:
        start = 0
        for batch in table.to_batches():
            yield batch.filter(valid.slice(start, len(batch)))
            start += len(batch)

    rows = sha256(np.packbits(valid.to_numpy(zero_copy_only=False)).data).hexdigest()
    return stored_table(f"{key} {rows}", table.nbytes, table.schema, batches)
