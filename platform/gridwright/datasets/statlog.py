"""Statlog (Landsat satellite): `statlog/sat.trn` and `statlog/sat.tst` of the data folder.

Each line holds 36 whole numbers, four spectral bands of each of 3 x 3 pixels row by row, and
then the class of the middle pixel: 1, 2, 3, 4, 5 or 7 (6 is not used).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

import numpy as np

from gridwright.datasets.data_folder import data_folder
from gridwright.datasets.dataset import Dataset
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array
    from gridwright.datasets.settings import DatasetSettings

_COLUMNS = 37
_PIXELS = [
    f"{row}-{column}"
    for row in ("top", "middle", "bottom")
    for column in ("left", "middle", "right")
]
_FEATURES = [f"{pixel} band {band}" for pixel in _PIXELS for band in (1, 2, 3, 4)]


def read(settings: DatasetSettings) -> Dataset:
    """Return the Statlog set, with its published test part.

    Raises:
        DatasetError: a file is absent, or does not hold 37 whole numbers a line.
    """
    name = settings.source
    path = _file(name, "train")
    return Dataset.of_arrays(
        name,
        "classification",
        _read_part(path),
        _read_part(_file(name, "test")),
        feature_names=_FEATURES,
        target_names=["class"],
        source=str(path.parent),
    )


def _file(name: str, part: str) -> Path:
    from gridwright.datasets.remote_files import STATLOG

    path = data_folder() / STATLOG[part].name
    if path.is_file():
        return path
    from gridwright.datasets.downloads import fetched

    return fetched(name, STATLOG[part])


def _read_part(path: Path) -> tuple[Array, Array]:
    try:
        with catch_warnings():
            simplefilter("error")  # numpy only warns of a file without a line
            table = np.loadtxt(path, dtype=np.int64, ndmin=2)
    except (OSError, ValueError, UserWarning) as error:
        raise DatasetError(f"{path} is damaged ({error}): fetch it again") from error
    if table.shape[1] != _COLUMNS:
        raise DatasetError(
            f"{path} has {table.shape[1]} columns, and should have {_COLUMNS}: fetch it again"
        )
    return table[:, :-1].astype(np.float64), table[:, -1]
