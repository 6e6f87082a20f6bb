"""A trained model in a folder: `model.skops` with the objects, `model.json` around it; no pickle.

`model.json` has the SHA-256 of its other entries and of `model.skops`, which is checked before
skops reads anything, and skops then builds our list of types only (`trusted_types`), whose trees
must lead nowhere else (`soundness`).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import ModelFileError
from gridwright_sklearn import catalogue, soundness
from gridwright_sklearn.trusted_types import trusted_types

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gridwright_sklearn.model import SklearnModel

FORMAT: Final = "gridwright-sklearn"
FORMAT_VERSION: Final = 1
_DOCUMENT, _OBJECTS = "model.json", "model.skops"


def write(model: SklearnModel, folder: Path) -> None:
    """Write a trained model into an existing folder.

    Raises:
        ModelFileError: it is made of a type that could not be read back.
    """
    import skops.io

    parts = {
        "model": model.model,
        "column_scaler": model.column_scaler,
        "target_scaler": model.target_scaler,
    }
    objects = skops.io.dumps(parts, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    _refuse_foreign_types(objects, f"{model.entry.name} cannot be stored")
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "scikit-learn": version("scikit-learn"),
        "estimator": model.entry.path,
        "task": model.task,
        "classes": model.classes.tolist(),
        "n_outputs": model.n_outputs,
        "dtype": model.dtype,
    }
    document["sha256"] = _digest(document, objects)
    (folder / _OBJECTS).write_bytes(objects)
    text = json.dumps(document, indent=1, sort_keys=True)
    (folder / _DOCUMENT).write_text(text, encoding="utf-8")


def read(folder: Path) -> SklearnModel:
    """Return the trained model that `write` has stored.

    Raises:
        ModelFileError: a file is missing, altered, from another version, or of foreign types.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    from gridwright_sklearn.model import SklearnModel

    document = _document(folder / _DOCUMENT)
    objects = _content(folder / _OBJECTS)
    if document.pop("sha256", None) != _digest(document, objects):
        raise ModelFileError(
            f"the model in {folder} is not what was saved (its SHA-256 differs): "
            "it was altered or cut short, so train it or copy it again"
        )
    _same_release(document["scikit-learn"], folder)
    try:
        parts = skops.io.loads(objects, trusted=trusted_types())
    except UntrustedTypesFoundException:
        _refuse_foreign_types(objects, f"{folder / _OBJECTS} is refused")
        raise
    soundness.check(parts, getattr(parts["model"], "n_features_in_", 0))
    return SklearnModel(
        _entry(document["estimator"]),
        document["task"],
        parts["model"],
        classes=np.array(document["classes"]),
        n_outputs=document["n_outputs"],
        dtype=document["dtype"],
        column_scaler=parts["column_scaler"],
        target_scaler=parts["target_scaler"],
    )


def _refuse_foreign_types(objects: bytes, what: str) -> None:
    import skops.io

    foreign = set(skops.io.get_untrusted_types(data=objects)) - {*trusted_types()}
    if foreign:
        raise ModelFileError(
            f"{what}: it holds {', '.join(sorted(foreign))}, which is not on this plugin's list of "
            "trusted types"
        )


def _entry(path: str) -> catalogue.Entry:
    entry = catalogue.entries().get(path.rpartition(".")[2])
    if entry is None or entry.path != path:
        raise ModelFileError(
            f"the stored model is a {path}, which is not on the list of estimators"
        )
    return entry


def _same_release(stored: str, folder: Path) -> None:
    installed = version("scikit-learn")
    if stored.split(".")[:2] != installed.split(".")[:2]:
        raise ModelFileError(
            f"the model in {folder} was stored by scikit-learn {stored}, and {installed} is "
            f"installed, which may read it wrongly: install scikit-learn=={stored}"
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"no model in {path.parent}: {path.name} is missing") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(_content(path))
    except ValueError as error:
        raise ModelFileError(f"{path} cannot be read as a model: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelFileError(f"{path} is not a model of {FORMAT}")
    if document.get("format_version") != FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has format version {document.get('format_version')!r}, but this package reads "
            f"{FORMAT_VERSION}: install the {FORMAT} that wrote it"
        )
    return document


def _digest(document: Mapping[str, Any], objects: bytes) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode() + b"\n" + objects).hexdigest()
