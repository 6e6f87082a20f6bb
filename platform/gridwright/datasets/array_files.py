"""Arrays out of files that others wrote: no pickle, and one sentence for whatever is wrong."""

from __future__ import annotations

import zlib
from typing import IO, TYPE_CHECKING, BinaryIO, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.lib.npyio import NpzFile

from gridwright.datasets.digests import bytes_of
from gridwright.datasets.fitting_memory import check_fits
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import Array
    from gridwright.datasets.digests import FollowingDigest

#: Bytes that are read, and then digested, at a time.
_PIECE = 1 << 20
#: How a .npz archive, a single array and a pickle begin.
_ZIP, _NPY, _PICKLE = (b"PK\x03\x04", b"PK\x05\x06"), b"\x93NUMPY", b"\x80"
_LONGEST_MARK = len(_NPY)
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npz(
    path: Path,
    names: Sequence[str],
    *,
    together: Sequence[str] = (),
    digests: Mapping[str, ArrayDigest] | None = None,
) -> list[Array]:
    """Return the arrays `names` of a .npz file, whose checksums are verified on the way.

    Args:
        path: of the file.
        names: of the arrays.
        together: all that are to be read from it, by and by; they must be there, and fit.
        digests: what follows the bytes of an array while it is read, by its name.

    Raises:
        DatasetError: the file is cut short or damaged, holds pickled objects, or lacks an array.
    """
    try:
        # Given a path, numpy leaves the file open when it is no archive.
        with path.open("rb") as file, _open_npz(path, file) as archive:
            asked = together or names
            missing = [name for name in asked if name not in archive.files]
            if missing:
                raise DatasetError(
                    f"{path} lacks {', '.join(missing)}: it holds {', '.join(archive.files)}, and "
                    f"should hold {', '.join(asked)}"
                )
            check_fits(path, _unpacked_bytes(archive, asked), "write fewer samples")
            follow = digests or {}
            return [
                _followed(archive, name, follow[name])
                if name in follow
                else _array(path, archive, name)
                for name in names
            ]
    # RuntimeError: a damaged header may claim an encryption or compression that is not there.
    except (OSError, EOFError, BadZipFile, ValueError, RuntimeError, zlib.error) as error:
        raise DatasetError(_explain(path, error)) from error


def _array(path: Path, archive: NpzFile, name: str) -> Array:
    array = archive[name]
    if not isinstance(array, np.ndarray):  # numpy returns the bytes of what is none
        raise DatasetError(f"{path} is damaged: its {name!r} is no array; fetch it again")
    return array


class ArrayDigest(NamedTuple):
    """A digest that follows an array, and the array's name in it."""

    digest: FollowingDigest
    name: str


def _followed(archive: NpzFile, name: str, following: ArrayDigest) -> Array:
    """Return an array of an archive; its bytes are digested while they are read."""
    assert archive.zip is not None  # noqa: S101 - it is open
    with archive.zip.open(f"{name}.npy") as file:
        reader = _HEADERS.get(npy.read_magic(file))
        shape, by_columns, dtype = reader(file) if reader else ((), True, None)
        if dtype is not None and not by_columns and not dtype.hasobject:
            array = np.empty(shape, dtype)
            following.digest.begin(following.name, array)
            content = bytes_of(array)
            for start in range(0, len(content), _PIECE):
                piece = content[start : start + _PIECE]
                _fill(piece, file)
                following.digest.part(piece)
            file.read(1)  # the checksum is compared at the end
            return array
    array = archive[name]
    following.digest.add(following.name, array)
    return array


def _fill(piece: memoryview, file: IO[bytes]) -> None:
    done = 0
    while done < len(piece):
        read = file.readinto(piece[done:])  # type: ignore[attr-defined] # a member of an archive has it
        if not read:
            raise EOFError("the array ends early")
        done += read


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
    begins = file.read(_LONGEST_MARK)
    file.seek(0)
    # numpy takes for a pickle all that it does not know.
    if begins and not begins.startswith((*_ZIP, _NPY, _PICKLE)):
        raise DatasetError(f"{path} is no .npz archive of arrays: write it with np.savez")
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
