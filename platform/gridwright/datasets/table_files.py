"""Tables in files that others wrote: the format is told by the name, the reader by the format."""

from __future__ import annotations

import lzma
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from gridwright.datasets.separated_files import read_separated
from gridwright.datasets.typed_files import read_feather, read_json, read_parquet
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gridwright.datasets.table_reading import ReadingOptions, ReadTable

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
    "csv": read_separated,
    "parquet": read_parquet,
    "feather": read_feather,
    "json": read_json,
}
