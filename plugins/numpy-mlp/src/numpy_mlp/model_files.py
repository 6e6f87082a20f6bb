"""Stored models: `model.json` for everything that is text, `arrays.npz` for the arrays; no pickle.

`model.json` holds a format version and the SHA-256 of its other entries and of `arrays.npz`. A
model that was altered, cut short or written by a newer version is refused before its arrays are
parsed.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import ModelFileError, unknown_name
from numpy_mlp.activations import ACTIVATIONS, Activation
from numpy_mlp.estimators import MLPClassifier, MLPRegressor
from numpy_mlp.notation import Choice
from numpy_mlp.scaling import Scaler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array
    from numpy_mlp.base import BaseMLP

FORMAT: Final = "numpy-mlp"
FORMAT_VERSION: Final = 1
_DOCUMENT, _ARRAYS = "model.json", "arrays.npz"
_ESTIMATORS: Final[dict[str, type[BaseMLP]]] = {
    "MLPClassifier": MLPClassifier,
    "MLPRegressor": MLPRegressor,
}


def save_model(estimator: BaseMLP, folder: Path) -> None:
    """Write a trained estimator into an existing folder.

    Raises:
        ModelFileError: its class labels cannot be stored without pickle.
    """
    arrays = _arrays(estimator)
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "estimator": type(estimator).__name__,
        "parameters": {name: _plain(value) for name, value in estimator.get_params().items()},
        "n_features": estimator.n_features_in_,
        "feature_names": _feature_names(estimator),
        "n_outputs": estimator.n_outputs_,
        "columns": bool(getattr(estimator, "_columns", False)),
        "labels_are_objects": _labels_are_objects(estimator),
    }
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **arrays)
    document["sha256"] = _digest(document, archive.getvalue())
    (Path(folder) / _ARRAYS).write_bytes(archive.getvalue())
    text = json.dumps(document, indent=1, sort_keys=True)
    (Path(folder) / _DOCUMENT).write_text(text, encoding="utf-8")


def load_model(folder: Path, activations: Mapping[str, type[Activation]] | None = None) -> BaseMLP:
    """Return the trained estimator that `save_model` wrote into `folder`.

    Args:
        folder: where it is.
        activations: your own `Activation` classes by name, if the model was trained with one.

    Raises:
        ModelFileError: a file is missing, altered, cut short, or from a newer version.
    """
    folder = Path(folder)
    document = _read_document(folder / _DOCUMENT)
    archive = _read(folder / _ARRAYS)
    claimed = document.pop("sha256", None)
    if claimed != _digest(document, archive):
        raise ModelFileError(
            f"the model in {folder} is not what was saved (its SHA-256 differs): "
            "it was altered or cut short, so train it or copy it again"
        )
    with np.load(io.BytesIO(archive), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return _rebuild(document, arrays, activations or {})


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"no model in {path.parent}: {path.name} is missing") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error}") from error


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(_read(path))
    except ValueError as error:
        raise ModelFileError(f"{path} cannot be read as a model: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelFileError(f"{path} is not a model of {FORMAT}")
    version = document.get("format_version")
    if type(version) is not int or version < 1:
        raise ModelFileError(f"{path} has no valid format_version: got {version!r}")
    if version > FORMAT_VERSION:
        raise ModelFileError(
            f"{path} has format version {version}, this package reads up to {FORMAT_VERSION}: "
            "upgrade gridwright-numpy-mlp"
        )
    return document


def _arrays(estimator: BaseMLP) -> dict[str, Array]:
    arrays: dict[str, Array] = {
        "weights": estimator.network_.parameters,
        "feature_mean": estimator.scaler_.mean,
        "feature_scale": estimator.scaler_.scale,
        "history": estimator.history_,
    }
    if estimator.validation_history_ is not None:
        arrays["validation_history"] = estimator.validation_history_
    if isinstance(estimator, MLPClassifier):
        arrays["classes"] = _storable(estimator.classes_)
    else:
        arrays["target_mean"] = estimator.target_scaler_.mean
        arrays["target_scale"] = estimator.target_scaler_.scale
    return arrays


def _labels_are_objects(estimator: BaseMLP) -> bool:
    return isinstance(estimator, MLPClassifier) and estimator.classes_.dtype == object


def _storable(classes: Array) -> Array:
    if classes.dtype != object:
        return classes
    labels = classes.tolist()
    if {type(label) for label in labels} not in ({str}, {int}, {float}, {bool}):
        raise ModelFileError(
            f"class labels {labels!r} cannot be stored: use strings, numbers or booleans"
        )
    return np.array(labels)


def _feature_names(estimator: BaseMLP) -> list[str] | None:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else names.tolist()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Choice):
        return str(value)
    # A class, such as `activation=ReLU`, or a random generator, which no longer matters.
    return value.__name__ if isinstance(value, type) else None


def _digest(document: Mapping[str, Any], archive: bytes) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode() + b"\n" + archive).hexdigest()


def _rebuild(
    document: Mapping[str, Any],
    arrays: Mapping[str, Array],
    activations: Mapping[str, type[Activation]],
) -> BaseMLP:
    kind = document["estimator"]
    if kind not in _ESTIMATORS:
        raise ModelFileError(unknown_name("estimator in a stored model", kind, _ESTIMATORS))
    parameters = dict(document["parameters"])
    parameters["activation"] = _known_activation(parameters["activation"], activations)
    estimator = _ESTIMATORS[kind](**parameters)
    estimator.n_features_in_ = document["n_features"]
    if document["feature_names"] is not None:
        estimator.feature_names_in_ = np.array(document["feature_names"], dtype=object)
    estimator.n_outputs_ = document["n_outputs"]
    estimator.scaler_ = Scaler(arrays["feature_mean"], arrays["feature_scale"])
    if isinstance(estimator, MLPClassifier):
        labels = arrays["classes"]
        estimator.classes_ = labels.astype(object) if document["labels_are_objects"] else labels
    else:
        estimator.target_scaler_ = Scaler(arrays["target_mean"], arrays["target_scale"])
        estimator._columns = document["columns"]  # noqa: SLF001  # this module is its other half
    estimator.restore_network(arrays["weights"])
    estimator.restore_history(arrays["history"], arrays.get("validation_history"))
    return estimator


def _known_activation(wanted: Any, own: Mapping[str, type[Activation]]) -> Any:
    name = wanted["name"] if isinstance(wanted, dict) else wanted.split("(")[0]
    if name in own:
        return own[name]
    known = {option.lower() for option in ACTIVATIONS}
    if name.lower().replace("_", "").replace("-", "") not in known:
        raise ModelFileError(
            f"the model was trained with its own activation {name!r}: "
            f"load_model(folder, activations={{{name!r}: ...}}) needs its class"
        )
    return wanted
