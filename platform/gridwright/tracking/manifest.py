"""The manifest beside a stored model: which plugin reads it, what it takes, and its digests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gridwright.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gridwright.contract import DataDescription, Task

#: Grows when an older Gridwright could no longer serve the model.
MANIFEST_VERSION = 2
MANIFEST = "manifest.json"
#: What turns a table's own columns into samples, beside the manifest.
PREPROCESSING = "preprocessing.json"
#: The plugin's own files stand in this folder beside the manifest.
FILES = "files"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the server of a model must know before it loads it.

    Attributes:
        model: name of the plugin.
        plugin_version: version that wrote the files.
        task: what is predicted.
        classes: class labels in the order of the probabilities; empty for a regression.
        columns: names of the columns of a table of numbers; empty where samples are tensors, and
            where the preprocessing names them.
        target_names: names of the values of a regression.
        files: relative POSIX path -> SHA-256 in hexadecimal.
        preprocessing: SHA-256 of the file `PREPROCESSING`; empty where there is none.
    """

    model: str
    plugin_version: str
    task: Task
    classes: tuple[Any, ...]
    columns: tuple[str, ...]
    target_names: tuple[str, ...]
    files: Mapping[str, str]
    preprocessing: str = ""

    def to_json(self) -> str:
        """Return the text of the manifest's file."""
        return json.dumps({"version": MANIFEST_VERSION, **asdict(self)}, indent=1)


def describe(
    model: str,
    plugin_version: str,
    data: DataDescription,
    files: Mapping[str, bytes],
    preprocessing: str = "",
) -> Manifest:
    """Return the manifest of a model that was trained on such data."""
    return Manifest(
        model=model,
        plugin_version=plugin_version,
        task=data.task,
        classes=data.classes,
        columns=() if preprocessing else table_columns(data),
        target_names=data.target_names,
        files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        preprocessing=hashlib.sha256(preprocessing.encode()).hexdigest() if preprocessing else "",
    )


def table_columns(data: DataDescription) -> tuple[str, ...]:
    """Return the column names of a table; empty where samples are served as tensors."""
    named = len(data.sample_shape) == 1 and len(set(data.feature_names)) == data.sample_shape[0]
    return data.feature_names if named else ()


def default_output(task: Task) -> str:
    """Return what a served model answers when nobody asks for more."""
    return "labels" if task == "classification" else "values"


def read_checked(folder: Path) -> Manifest:
    """Return the manifest in `folder`, once every file beside it is as it was written.

    Raises:
        ModelFileError: a file is missing, altered or added, or a newer Gridwright wrote them.
    """
    manifest = _read(folder / MANIFEST)
    root = folder / FILES
    present = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    for problem, names in (
        ("lacks", manifest.files.keys() - present),
        ("holds, beside what was stored,", present - manifest.files.keys()),
    ):
        if names:
            raise ModelFileError(
                f"the stored model in {folder} {problem} {', '.join(sorted(names))}: "
                "fetch it again from its run"
            )
    if manifest.preprocessing:
        _check_digest(folder, PREPROCESSING, folder / PREPROCESSING, manifest.preprocessing)
    for name, digest in manifest.files.items():
        _check_digest(folder, name, root / name, digest)
    return manifest


def _check_digest(folder: Path, name: str, path: Path, digest: str) -> None:
    if not path.is_file():
        raise ModelFileError(
            f"the stored model in {folder} lacks {name}: fetch it again from its run"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise ModelFileError(
            f"the file {name} of the stored model in {folder} was altered: its SHA-256 is not the "
            "recorded one; fetch it again from its run"
        )


def _read(path: Path) -> Manifest:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        version = record.pop("version")
        if version > MANIFEST_VERSION:
            raise ModelFileError(
                f"{path} has version {version}, this Gridwright reads up to {MANIFEST_VERSION}: "
                "install a newer one"
            )
        tuples = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
        return Manifest(**{**record, **tuples})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path} is not a manifest of Gridwright's ({error!r})") from error
