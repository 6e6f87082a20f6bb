"""Where runs are to be kept: looked at before anything is opened, made or waited for."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gridwright.errors import TrackingError
from gridwright.machine import free_disk, readable

if TYPE_CHECKING:
    from pathlib import Path

#: What MLflow can keep runs in.
_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql")
#: Bytes without which not even an empty store can be made.
_LEAST_ROOM = 10_000_000


def check_storage(uri: str, database: Path | None, spool: Path) -> None:
    """Refuse an address that is none, and folders on this machine that cannot be written.

    Args:
        uri: MLflow's tracking URI.
        database: the file of a sqlite store; None for any other.
        spool: folder in which finished trials wait.

    Raises:
        TrackingError: says what is wrong, and which setting mends it.
    """
    scheme = urlsplit(uri).scheme.partition("+")[0]
    if scheme not in _SCHEMES:
        shown = uri if "@" not in uri else f"{scheme}://..."
        raise TrackingError(
            f"tracking.uri must be a database or a server, such as sqlite:///mlflow.db or "
            f"http://127.0.0.1:5000, but got {shown!r}"
        )
    if database is not None:
        _check_folder(database.parent, "tracking.uri", "the tracking store")
    _check_folder(spool, "tracking.spool", "trials that wait to be written")


def _check_folder(folder: Path, setting: str, purpose: str) -> None:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        # Permissions tell little: root, network folders and read-only systems have their own.
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise TrackingError(
            f"{existing} cannot be written ({error.strerror}), and it is where {purpose} would be "
            f"kept: work in another folder, or set {setting} to one"
        ) from error
    room = free_disk(existing)
    if room < _LEAST_ROOM:
        raise TrackingError(
            f"only {readable(room)} are free in {existing}, where {purpose} would be kept: make "
            f"room, or set {setting} to another folder"
        )
