"""A trained model in a folder: `model.skops` with the objects, `model.json` around it; no pickle.

The checksum of both is checked before skops reads anything (`gridwright.model_files`); skops then
builds our list of types only (`trusted_types`), whose trees must lead nowhere else (`soundness`).
"""

from __future__ import annotations

import zipfile
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import numpy as np

from gridwright.errors import ModelFileError
from gridwright.model_files import ModelFormat
from gridwright_sklearn import catalogue, soundness
from gridwright_sklearn.trusted_types import trusted_types

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright_sklearn.model import SklearnModel

FORMAT: Final = ModelFormat("gridwright-sklearn", version=1, content_file="model.skops")


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
        "scikit-learn": version("scikit-learn"),
        "estimator": model.entry.path,
        "task": model.task,
        "classes": model.classes.tolist(),
        "n_outputs": model.n_outputs,
        "dtype": model.dtype,
    }
    FORMAT.seal(folder, document, objects)


def read(folder: Path) -> SklearnModel:
    """Return the trained model that `write` has stored.

    Raises:
        ModelFileError: a file is missing, altered, from another version, or of foreign types.
    """
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    from gridwright_sklearn.model import SklearnModel

    document, objects = FORMAT.open(folder)
    _same_release(document["scikit-learn"], folder)
    try:
        parts = skops.io.loads(objects, trusted=trusted_types())
    except UntrustedTypesFoundException:
        _refuse_foreign_types(objects, f"{folder / FORMAT.content_file} is refused")
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
