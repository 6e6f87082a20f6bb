"""Stored models: `model.json` for everything that is text, `arrays.npz` for the arrays; no pickle.

The checksum of both is checked before the arrays are parsed (`gridwright.model_files`).
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import ModelFileError, unknown_name
from gridwright.model_files import ModelFormat
from numpy_mlp.activations import ACTIVATIONS, Activation
from numpy_mlp.estimators import MLPClassifier, MLPRegressor
from numpy_mlp.notation import Choice
from numpy_mlp.scaling import Scaler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array
    from numpy_mlp.base import BaseMLP

FORMAT: Final = ModelFormat("numpy-mlp", version=1, content_file="arrays.npz")
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
    FORMAT.seal(Path(folder), document, archive.getvalue())


def load_model(folder: Path, activations: Mapping[str, type[Activation]] | None = None) -> BaseMLP:
    """Return the trained estimator that `save_model` wrote into `folder`.

    Args:
        folder: where it is.
        activations: your own `Activation` classes by name, if the model was trained with one.

    Raises:
        ModelFileError: a file is missing, altered, cut short, or from a newer version.
    """
    document, archive = FORMAT.open(Path(folder))
    with np.load(io.BytesIO(archive), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return _rebuild(document, arrays, activations or {})


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
