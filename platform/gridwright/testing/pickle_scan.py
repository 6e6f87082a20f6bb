"""Finds pickled objects in files without reading any: also inside archives and array files."""

from __future__ import annotations

import gzip
import io
import pickletools
import zipfile
import zlib

_PROTOCOL = b"\x80"  # opens every pickle since protocol 2
_NUMPY = b"\x93NUMPY"
_GZIP = b"\x1f\x8b"


def holds_pickle(content: bytes) -> bool:
    """Return whether a file of that content is a pickle or holds one.

    Looks into zip archives (.npz, .keras), gzip files and numpy arrays of objects.
    """
    if content.startswith(_NUMPY):
        # The header is a dictionary, written as text, whose 'descr' gives the type.
        return b"|O" in content[:200]
    if content.startswith(_GZIP):
        return holds_pickle(_unzipped(content))
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(holds_pickle(archive.read(name)) for name in archive.namelist())
    return _is_pickle(content)


def _unzipped(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return b""


def _is_pickle(content: bytes) -> bool:
    try:
        # Lists the instructions up to STOP; executes none.
        *_, (_, _, end) = pickletools.genops(content)
    except Exception:  # noqa: BLE001 - whatever stops the listing: these are no instructions
        return False
    # Older protocols have no opening mark: there, the instructions must make up the whole file.
    return content.startswith(_PROTOCOL) or (end == len(content) - 1 and end > 0)
