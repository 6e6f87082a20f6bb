"""Digests of large files, remembered in the data folder, so that a file is digested once.

A file is known by its path, size, inode and time of change in nanoseconds; one that was changed
within the last two seconds is not remembered, for it may change again within one tick of its file
system. What was set for the data, and the versions of what reads it, belong to the key, too.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from gridwright import __version__
from gridwright.datasets.data_folder import data_folder, whole_file
from gridwright.datasets.table import ENCODING_VERSION

if TYPE_CHECKING:
    from gridwright.datasets.settings import DatasetSettings

#: Folder in the data folder; it may be removed at any time.
FOLDER = "digests"
#: Bytes of a file from which remembering is worth it.
LEAST_BYTES = 8 << 20
_SETTLED_NS = 2_000_000_000


def stamp_of(source: str, settings: DatasetSettings, began_ns: int) -> str:
    """Return the key under which the digest of a file's data is remembered.

    Args:
        source: path of the file.
        settings: what was asked of it.
        began_ns: when reading it began (Unix time in nanoseconds).

    Returns:
        64 hexadecimal digits; the empty text for what is not remembered: no file, a small one, or
        one that was changed just now.
    """
    try:
        told = os.stat(source)  # noqa: PTH116 - the source of bundled data is no path
    except (OSError, ValueError):
        return ""
    if told.st_size < LEAST_BYTES or not Path(source).is_file():
        return ""
    if max(told.st_mtime_ns, told.st_ctime_ns) > began_ns - _SETTLED_NS:
        return ""
    file = [source, told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino, told.st_dev]
    asked = {key: value for key, value in asdict(settings).items() if key not in _OF_THE_SPLIT}
    key = [__version__, ENCODING_VERSION, file, asked]
    return sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()


#: They divide the data, and change nothing of it.
_OF_THE_SPLIT = frozenset({"name", "test_fraction", "validation_fraction", "folds", "in_pieces"})


def recalled(stamp: str) -> str | None:
    """Return the digest that is remembered under a key; None if there is none."""
    try:
        text = (data_folder() / FOLDER / stamp).read_text(encoding="ascii")
    except (OSError, UnicodeError):
        return None
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else None


def remember(stamp: str, digest: str) -> None:
    """Keep a digest; where the data folder cannot be written, it is computed again next time."""
    path = data_folder() / FOLDER / stamp
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(digest.encode("ascii"))
