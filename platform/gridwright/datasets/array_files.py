"""Arrays out of files that others wrote: no pickle, and one sentence for whatever is wrong."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from gridwright.datasets.fitting_memory import check_fits
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gridwright.contract import Array


def read_npz(path: Path, names: Sequence[str]) -> list[Array]:
    """Return the arrays `names` of a .npz file, whose checksums are verified on the way.

    Raises:
        DatasetError: the file is cut short or damaged, holds pickled objects, or lacks an array.
    """
    try:
        # Given a path, numpy leaves the file open when it is no archive.
        with path.open("rb") as file, _open_npz(path, file) as archive:
            missing = [name for name in names if name not in archive.files]
            if missing:
                raise DatasetError(
                    f"{path} lacks {', '.join(missing)}: it holds {', '.join(archive.files)}, and "
                    f"should hold {', '.join(names)}"
                )
            check_fits(path, _unpacked_bytes(archive, names), "write fewer samples")
            return [archive[name] for name in names]
    # RuntimeError: a damaged header may claim an encryption or compression that is not there.
    except (OSError, EOFError, BadZipFile, ValueError, RuntimeError, zlib.error) as error:
        raise DatasetError(_explain(path, error)) from error


def _unpacked_bytes(archive: NpzFile, names: Sequence[str]) -> int:
    sizes = (
        {info.filename: info.file_size for info in archive.zip.infolist()} if archive.zip else {}
    )
    return sum(sizes.get(f"{name}.npy", 0) for name in names)


def array_names(path: Path) -> list[str]:
    """Return the names of the arrays of a .npz file.

    Raises:
        DatasetError: the file is cut short, or is no such archive.
    """
    try:
        with path.open("rb") as file, _open_npz(path, file) as archive:
            return list(archive.files)
    except (OSError, EOFError, BadZipFile, ValueError, RuntimeError) as error:
        raise DatasetError(_explain(path, error)) from error


def _open_npz(path: Path, file: BinaryIO) -> NpzFile:
    opened = np.load(file, allow_pickle=False)
    if not isinstance(opened, NpzFile):
        raise DatasetError(
            f"{path} holds a single array and is no .npz archive: write it with np.savez"
        )
    return opened


def _explain(path: Path, error: Exception) -> str:
    # numpy says both "object arrays" and "pickled data", and means the same refusal.
    if isinstance(error, ValueError) and "allow_pickle" in str(error):
        return f"{path} holds pickled objects, which are never read: write it with plain arrays"
    if isinstance(error, PermissionError):
        return f"{path} cannot be read: {error.strerror}"
    return f"{path} is cut short or damaged ({error}): fetch it again"
