"""California housing: 20,640 districts of the census of 1990, and the median value of a house.

R. Kelley Pace and Ronald Barry, "Sparse Spatial Autoregressions", Statistics and Probability
Letters 33 (1997); with the same columns as scikit-learn makes of it.
"""

from __future__ import annotations

import tarfile
import zlib
from typing import TYPE_CHECKING

import numpy as np

from gridwright.datasets.dataset import Dataset
from gridwright.datasets.downloads import fetched
from gridwright.datasets.remote_files import CALIFORNIA_HOUSING
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array
    from gridwright.datasets.settings import DatasetSettings

_FEATURES = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
)
_COLUMNS = 9


def read(settings: DatasetSettings) -> Dataset:
    """Return the set; the target is the median value in 100,000 dollars.

    Raises:
        DatasetError: its file is absent and cannot be fetched, or is damaged.
    """
    path = fetched(settings.source, CALIFORNIA_HOUSING)
    table = _read_archive(path)
    longitude, latitude, age, rooms, bedrooms, people, households, income, value = table.T
    features = (
        income,
        age,
        rooms / households,
        bedrooms / households,
        people,
        people / households,
        latitude,
        longitude,
    )
    return Dataset.of_arrays(
        settings.source,
        "regression",
        (np.column_stack(features), value / 100_000.0),
        feature_names=_FEATURES,
        target_names=["MedHouseVal"],
        source=str(path),
    )


def _read_archive(path: Path) -> Array:
    try:
        with tarfile.open(path, "r:gz") as archive:
            member = next(m for m in archive if m.name.endswith("cal_housing.data"))
            file = archive.extractfile(member)
            table = np.loadtxt(file or [], delimiter=",", ndmin=2)
    except (OSError, EOFError, ValueError, StopIteration, tarfile.TarError, zlib.error) as error:
        raise DatasetError(
            f"{path} is cut short or damaged ({error}): remove it, and it is fetched again"
        ) from error
    if table.shape[1] != _COLUMNS:
        raise DatasetError(
            f"{path} has {table.shape[1]} columns, and should have {_COLUMNS}: remove it, and it "
            "is fetched again"
        )
    return table
