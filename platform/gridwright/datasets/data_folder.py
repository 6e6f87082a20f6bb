"""The data folder: where files of data sets lie that no package ships."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Environment variable that names the data folder.
VARIABLE = "GRIDWRIGHT_DATA"


def data_folder() -> Path:
    """Return the folder that `GRIDWRIGHT_DATA` names, else the user's cache folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("gridwright", appauthor=False)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Let a file be written beside `path`, and give it that name once all of it is there.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{time.monotonic_ns()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def made_once(path: Path, make: Callable[[], object]) -> None:
    """Have `make` write a file, unless it is there or another process is writing it.

    Raises:
        OSError: the folder cannot be written.
    """
    from filelock import FileLock  # what serves a model makes no files

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        if not path.is_file():
            make()
