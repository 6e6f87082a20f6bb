"""Where runs are to be kept: looked at before anything is opened, made or waited for."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gridwright.errors import TrackingError
from gridwright.machine import free_disk, readable
from gridwright.preflight.listening import connect_once

if TYPE_CHECKING:
    from pathlib import Path
    from urllib.parse import SplitResult

#: The ports at which a database answers, unless its address says another.
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
#: What MLflow can keep runs in.
_SCHEMES = ("http", "https", "sqlite", *_PORTS)
#: Bytes without which not even an empty store can be made.
_LEAST_ROOM = 10_000_000


def check_storage(uri: str, database: Path | None, spool: Path) -> None:
    """Refuse an address that is none, a database that does not answer, and unwritable folders.

    Args:
        uri: MLflow's tracking URI.
        database: the file of a sqlite store; None for any other.
        spool: folder in which finished trials wait.

    Raises:
        TrackingError: says what is wrong, and which setting mends it.
    """
    address = urlsplit(uri)
    scheme = address.scheme.partition("+")[0]
    if scheme not in _SCHEMES:
        shown = uri if "@" not in uri else f"{scheme}://..."
        raise TrackingError(
            f"tracking.uri must be a database or a server, such as sqlite:///mlflow.db or "
            f"http://127.0.0.1:5000, but got {shown!r}"
        )
    if scheme in _PORTS:
        _check_database(address, _PORTS[scheme])
    if database is not None:
        _check_folder(database.parent, "tracking.uri", "the tracking store")
    _check_folder(spool, "tracking.spool", "trials that wait to be written")


def _check_database(address: SplitResult, usual_port: int) -> None:
    """Refuse a host at which nobody listens; MLflow would try it for minutes."""
    try:
        host, port = address.hostname, address.port or usual_port
    except ValueError:  # several hosts, or something else that only the driver understands
        return
    if not host or "," in host:
        return
    try:
        connect_once(host, port)
    except OSError as error:
        raise TrackingError(
            f"no database answers at {host}:{port} ({error.strerror or error}), which tracking.uri "
            "names: start it, or set tracking.uri to another store"
        ) from error


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
