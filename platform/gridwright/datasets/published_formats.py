"""The formats in which picture sets are published: MNIST's idx files, CIFAR-10's binary version."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array

_UNSIGNED_BYTES = 8
_RECORD = 1 + 3 * 32 * 32
_TRAINING_BATCHES = [f"data_batch_{number}.bin" for number in range(1, 6)]


def read_idx(path: Path) -> Array:
    """Return the array of a gzipped idx file: uint8, as many dimensions as its header says.

    The header is two zero bytes, the type, the number of dimensions, and each size as a
    big-endian 32-bit number (http://yann.lecun.com/exdb/mnist/).

    Raises:
        DatasetError: the file is cut short, or is none.
    """
    try:
        with gzip.open(path) as file:
            content = file.read()
        if content[:3] != bytes([0, 0, _UNSIGNED_BYTES]):
            raise DatasetError(_damaged(path, "it does not begin as an idx file of bytes does"))
        n_dimensions = content[3]
        shape = np.frombuffer(content, ">u4", n_dimensions, offset=4)
        data = np.frombuffer(content, np.uint8, offset=4 + 4 * n_dimensions)
        return data.reshape(shape)
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DatasetError(_damaged(path, error)) from error


def read_cifar10(path: Path) -> dict[str, Array]:
    """Return `x_train`, `y_train`, `x_test` and `y_test` of `cifar-10-binary.tar.gz`.

    A record is the label and then 1,024 bytes of red, of green, and of blue, row by row
    (https://www.cs.toronto.edu/~kriz/cifar.html). Pictures are returned `(n, 32, 32, 3)`.

    Raises:
        DatasetError: the archive is cut short, or lacks a batch.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            # Members are read by name and never written anywhere.
            batches = {
                member.name.rpartition("/")[2]: archive.extractfile(member)
                for member in archive
                if member.isfile()
            }
            contents = {}
            for name in [*_TRAINING_BATCHES, "test_batch.bin"]:
                batch = batches.get(name)
                if batch is None:
                    raise DatasetError(_damaged(path, f"it lacks {name}"))
                records = np.frombuffer(batch.read(), np.uint8).reshape(-1, _RECORD)
                contents[name] = records
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error) as error:
        raise DatasetError(_damaged(path, error)) from error
    train = np.concatenate([contents[name] for name in _TRAINING_BATCHES])
    x_train, y_train = _pictures(train)
    x_test, y_test = _pictures(contents["test_batch.bin"])
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _pictures(records: Array) -> tuple[Array, Array]:
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].copy()


def _damaged(path: Path, error: object) -> str:
    return f"{path} is cut short or damaged ({error}): remove it, and it is fetched again"
