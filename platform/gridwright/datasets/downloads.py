"""Files of named sets that the data folder lacks, from their public homes: once, whole, checked.

pooch checks and moves; what it lacks is added here: a download goes on where it was cut off, and
two processes do not fetch the same file at once. `GRIDWRIGHT_MIRROR` names another home: the files
lie below it as they do in the data folder. A mirror that has a file `SHA256SUMS` vouches for its
files itself; else the published checksums hold.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import pooch
import requests
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from gridwright.datasets.data_folder import VARIABLE, data_folder, made_once
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gridwright.datasets.remote_files import RemoteFile

#: Environment variable that names another home of all files.
MIRROR = "GRIDWRIGHT_MIRROR"
_SUMS = "SHA256SUMS"
_ATTEMPTS = 4
_FIRST_WAIT = 0.5
_TIMEOUT = 30.0
#: What is lost, at most, of a connection that is cut.
_BLOCK = 1 << 14


def fetched(dataset: str, file: RemoteFile, wanted: str = "") -> Path:
    """Return the path of a file in the data folder, fetched if it is not there.

    Args:
        dataset: that needs it.
        file: where it is published.
        wanted: the file of the data folder that it is for, if it is another one.

    Raises:
        DatasetError: it cannot be fetched, is not what was published, or cannot be stored.
    """
    path = data_folder() / file.name
    if path.is_file():
        return path
    return kept(path, lambda: _fetch(dataset, file, wanted or file.name))


def kept(path: Path, make: Callable[[], object]) -> Path:
    """Return `path`, which `make` writes unless it or another process has done so.

    Raises:
        DatasetError: the folder cannot be written, or `make` raises it.
    """
    try:
        made_once(path, make)
    except OSError as error:
        raise DatasetError(_not_stored(path, error)) from error
    return path


def _fetch(dataset: str, file: RemoteFile, wanted: str) -> None:
    url, checksum = _home(file)
    path = data_folder() / file.name
    pooch.get_logger().setLevel("ERROR")  # it would announce in its own words
    try:
        pooch.retrieve(url, checksum, fname=path.name, path=path.parent, downloader=_resuming(path))
    except requests.RequestException as error:
        raise DatasetError(
            f"data set '{dataset}' needs the file {wanted}, which is not in the data folder "
            f"{data_folder()}, and {url} does not give it ({_reason(error)}): put it there, or set "
            f"{VARIABLE} to the folder that holds it"
        ) from error
    except ValueError as error:
        raise DatasetError(
            f"{url} gives a file that is not the published one: its checksum is not {checksum}; "
            "nothing was kept, so try again later, or put the file into the data folder "
            f"{data_folder()} as {file.name}"
        ) from error


def _home(file: RemoteFile) -> tuple[str, str]:
    """Return the URL and the checksum of a file."""
    mirror = os.environ.get(MIRROR)
    if not mirror:
        return file.url, file.checksum
    mirror = mirror.rstrip("/")
    try:
        answer = requests.get(f"{mirror}/{_SUMS}", timeout=_TIMEOUT)
    except requests.RequestException:  # the file itself will say so
        return f"{mirror}/{file.name}", file.checksum
    lines = answer.text.splitlines() if answer.ok else []
    sums = {name.lstrip("*"): digest for digest, _, name in (li.partition("  ") for li in lines)}
    own = sums.get(file.name)
    return f"{mirror}/{file.name}", file.checksum if own is None else f"sha256:{own}"


def _resuming(path: Path) -> Callable[[str, str, Any], None]:
    """Return a downloader for pooch that goes on where an earlier one was cut off."""
    part = path.with_name(f"{path.name}.part")

    def download(url: str, output_file: str, _: Any) -> None:
        wait = _FIRST_WAIT
        for attempt in range(1, _ATTEMPTS + 1):
            before = part.stat().st_size if part.exists() else 0
            try:
                _continue(url, part)
                break
            except requests.RequestException as error:
                got_on = part.exists() and part.stat().st_size > before
                if attempt == _ATTEMPTS or not (got_on or _may_pass(error)):
                    raise
                time.sleep(wait)
                wait *= 2
        shutil.move(part, output_file)

    return download


def _may_pass(error: requests.RequestException) -> bool:
    """Tell whether the same request may succeed a moment later."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code >= 500 or error.response.status_code == 429
    cut = (requests.exceptions.ChunkedEncodingError, requests.Timeout)
    return isinstance(error, cut) or "Connection aborted" in str(error)


def _continue(url: str, part: Path) -> None:
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            # What is there is as long as the file, or longer: the checksum tells.
            return
        answer.raise_for_status()
        resumed = answer.status_code == requests.codes.partial_content
        total = int(answer.headers.get("Content-Length", 0)) + (start if resumed else 0)
        with part.open("ab" if resumed else "wb") as file, _bar(part, total) as progress:
            (task,) = progress.task_ids
            progress.update(task, completed=start if resumed else 0)
            for block in answer.iter_content(_BLOCK):
                file.write(block)
                progress.advance(task, len(block))


def _bar(part: Path, total: int) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    progress.add_task(f"fetching {part.name.removesuffix('.part')}", total=total or None)
    return progress


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"it answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the connection was cut {_ATTEMPTS} times"
    if isinstance(error, requests.Timeout):
        return f"no answer within {_TIMEOUT:g} seconds"
    if isinstance(error, requests.ConnectionError):
        return "no connection; is there a network?"
    return str(error)


def _not_stored(path: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return (
            f"there is no space left for {path}: free some, or set {VARIABLE} to a folder with more"
        )
    return (
        f"{path} cannot be written ({error.strerror or error}): set {VARIABLE} to a folder that can"
    )
