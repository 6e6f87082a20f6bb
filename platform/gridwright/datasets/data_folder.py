"""The data folder: where files of data sets lie that no package ships."""

from __future__ import annotations

import os
from pathlib import Path

from gridwright.errors import DatasetError

#: Environment variable that names the data folder.
VARIABLE = "GRIDWRIGHT_DATA"


def data_folder() -> Path:
    """Return the folder that `GRIDWRIGHT_DATA` names, else the user's cache folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("gridwright", appauthor=False)


def find_file(dataset: str, relative: str) -> Path:
    """Return the path of a file of `dataset` in the data folder.

    Raises:
        DatasetError: it is not there; names the file, the folder and what to do.
    """
    folder = data_folder()
    path = folder / relative
    if not path.is_file():
        note = "" if folder.is_dir() else " (which does not exist)"
        raise DatasetError(
            f"data set '{dataset}' needs the file {relative}, which is not in the data folder "
            f"{folder}{note}: put it there, or set {VARIABLE} to the folder that holds it"
        )
    return path
