"""The data folder: where files of data sets lie that no package ships."""

from __future__ import annotations

import os
from pathlib import Path

#: Environment variable that names the data folder.
VARIABLE = "GRIDWRIGHT_DATA"


def data_folder() -> Path:
    """Return the folder that `GRIDWRIGHT_DATA` names, else the user's cache folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("gridwright", appauthor=False)
