"""One copy of large samples for all processes of this machine, whatever sweep they belong to.

The samples of a trial's parts lie one after another in a file of the data folder, which every
process maps read-only: the kernel keeps one copy of it in memory. Such an array is sent to another
process as the name of the file and its place in it.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from gridwright.datasets.data_folder import data_folder, whole_file
from gridwright.datasets.digests import bytes_of, digest_arrays
from gridwright.datasets.mapped_arrays import MappedArray, views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from gridwright.datasets.splits import TrialData

#: Folder in the data folder; it may be removed at any time.
FOLDER = "shared"
#: Bytes of samples from which a file is worth it: fewer are sent as they are.
LEAST_BYTES = 8 << 20
#: Bytes of all files together; those that were not used for the longest time go first.
MOST_BYTES = 8 << 30
_FREE_BYTES = 1 << 30  # are left on the disk
_UNUSED_SECONDS = 7 * 24 * 3600.0


def shared(data: TrialData) -> TrialData:
    """Return the same data with its samples in one file that is mapped.

    Data that is small stays as it is, and so does all data where the file cannot be written.
    """
    parts = data.samples
    if data.n_bytes < LEAST_BYTES or isinstance(data.x_train, MappedArray):
        return data
    path = data_folder() / FOLDER / f"{_identity(data)}.{_boot()}"
    try:
        _write_once(path, parts)
        found = {id(part): view for part, view in zip(parts, views(path, parts), strict=True)}
    except OSError:
        return data
    names = ("x_train", "x_validation", "x_test")
    arrays: dict[str, Any] = {name: found.get(id(getattr(data, name))) for name in names}
    return replace(data, **arrays)


def _identity(data: TrialData) -> str:
    """Return what tells these parts of this data from all others."""
    rows = data.probe_rows
    parts = {"train": data.x_train, "validation": data.x_validation, "test": data.x_test}
    shapes = {name: x is not None and [x.dtype.str, x.shape] for name, x in parts.items()}
    arrays = {"y": data.y_train, "y_validation": data.y_validation, "y_test": data.y_test}
    asked = data.x_train if data.x_test is None else data.x_test
    arrays |= {"first": data.x_train[:1], "last": data.x_train[-1:], "probes": asked[rows]}
    return digest_arrays(arrays, {"digest": data.digest, "parts": shapes})


def _boot() -> str:
    """Return what a restart of the machine changes: it may have cut off what was being written."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "0"


def _write_once(path: Path, parts: Sequence[Array]) -> None:
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    size = sum(part.nbytes for part in parts)
    with FileLock(folder / ".lock"):
        if path.is_file() and path.stat().st_size == size:
            os.utime(path)
            return
        _clean(folder, MOST_BYTES - size)
        if size > MOST_BYTES or shutil.disk_usage(folder).free < size + _FREE_BYTES:
            raise OSError("too large to be shared")
        with whole_file(path) as file:
            for part in parts:
                file.write(bytes_of(part))


def _clean(folder: Path, most: int) -> None:
    """Remove what an earlier boot left, what is old, and what is too much; maps of it stay."""
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
    total, boot = 0, _boot()
    for file in files:
        if file.name == ".lock":
            continue
        told = file.stat()
        total += told.st_size
        old = time.time() - told.st_mtime > _UNUSED_SECONDS
        if old or total > most or not file.name.endswith(boot):
            file.unlink(missing_ok=True)
