"""The loader of a served model: `mlflow models serve` and `mlflow.pyfunc.load_model` come here.

A prediction takes the parameter `output`:

- `labels` (classification, the default): class labels, `["setosa", ...]`.
- `probabilities`: one record a sample, keyed by class label: `[{"setosa": 0.9, ...}, ...]`.
- `both`: `[{"label": "setosa", "probabilities": {"setosa": 0.9, ...}}, ...]`.
- `values` (regression, the default and only one): numbers; for several targets, one record a
  sample, keyed by the target's name.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gridwright.contract import Classifier
from gridwright.datasets.preprocessing import Preprocessing
from gridwright.errors import DatasetError, PluginError, unknown_name
from gridwright.plugins import load_model_plugin
from gridwright.tracking import scoring_server
from gridwright.tracking.manifest import (
    FILES,
    PREPROCESSING,
    Manifest,
    default_output,
    read_checked,
)
from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.seal import SEAL, check_seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array, Estimator

# What 32 bits hold: larger numbers are infinite to most models, and no measurement.
_LARGEST = float(np.finfo(np.float32).max)
_OUTPUTS = {
    "classification": ("labels", "probabilities", "both"),
    "regression": ("values",),
}


class ServedModel:
    """A trained estimator behind MLflow's interface; may be asked from several threads.

    Attributes:
        manifest: what the model takes and gives.
    """

    def __init__(
        self, manifest: Manifest, estimator: Estimator, preprocessing: Preprocessing | None = None
    ) -> None:
        self.manifest = manifest
        self._preprocessing = preprocessing
        self._estimator = estimator
        self._labels = np.asarray(manifest.classes)
        # The contract does not ask estimators to be safe for threads, and the server has several.
        self._lock = threading.Lock()

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return predictions for a table (data frame) or a tensor (array); see the module.

        Raises:
            RefusedInput: a missing column, a value that is no finite number, or an unknown
                `output`.
        """
        output = self._output(params or {})
        x = self._samples(model_input)
        if len(x) == 0:
            raise RefusedInput("the input must hold at least one sample, but it is empty")
        self._check_range(x)
        with self._lock:
            if self.manifest.task == "regression":
                return self._values(x)
            return self._classes(x, output)

    def _output(self, params: Mapping[str, Any]) -> str:
        for name in params:
            if name != "output":
                raise RefusedInput(unknown_name("parameter", name, ["output"]))
        allowed = _OUTPUTS[self.manifest.task]
        output: str = params.get("output", default_output(self.manifest.task))
        if output not in allowed:
            raise RefusedInput(
                f"the parameter output must be one of {', '.join(allowed)}, not {output!r}"
            )
        return output

    def _check_range(self, x: Array) -> None:
        if x.dtype.kind != "f":
            return
        beyond = np.abs(x) > _LARGEST
        if beyond.any():
            place = np.argwhere(beyond)[0].tolist()
            raise RefusedInput(
                f"every value must be from -{_LARGEST:.2g} to {_LARGEST:.2g}, but sample "
                f"{place[0]} (counted from 0) holds {_at(x, place)}"
            )

    def _samples(self, model_input: Any) -> Array:
        columns = self.manifest.columns
        if self._preprocessing is not None:
            frame = pd.DataFrame(model_input)
            try:
                return self._preprocessing.encode_frame(frame)
            except DatasetError as error:
                raise RefusedInput(str(error)) from None
        if not columns:
            x = np.asarray(model_input)
            if x.dtype.kind == "f" and not np.isfinite(x).all():
                place = np.argwhere(~np.isfinite(x))[0].tolist()
                raise RefusedInput(
                    f"the input must be finite, but holds {_at(x, place)} at {place}"
                )
            return x
        frame = model_input if isinstance(model_input, pd.DataFrame) else pd.DataFrame(model_input)
        # A server's requests have these columns in this order, and looking them up costs a third.
        if list(frame.columns) != list(columns):
            missing = [name for name in columns if name not in frame.columns]
            if missing:
                raise RefusedInput(f"the input lacks the column {missing[0]!r}")
            frame = frame[list(columns)]
        return _finite(frame)

    def _values(self, x: Array) -> Any:
        values = _computed(np.asarray(self._estimator.predict(x)))
        if values.ndim == 1:
            return values
        return pd.DataFrame(values, columns=list(self.manifest.target_names))

    def _classes(self, x: Array, output: str) -> Any:
        estimator = self._estimator
        if not isinstance(estimator, Classifier):
            raise PluginError(
                f"model plugin '{self.manifest.model}' loaded a classifier without predict_proba"
            )
        probabilities = _computed(np.asarray(estimator.predict_proba(x)))
        # The contract: the label is the class with the highest probability.
        labels = self._labels[probabilities.argmax(axis=1)]
        if output == "labels":
            return labels
        names = [str(label) for label in self.manifest.classes]
        table = pd.DataFrame(probabilities, columns=names)
        if output == "probabilities":
            return table
        return pd.DataFrame({"label": labels, "probabilities": table.to_dict(orient="records")})


def _load_pyfunc(path: str) -> ServedModel:
    """Return the model that `path` (the `data` folder of an MLflow model) holds.

    Raises:
        ModelFileError: a file is missing, altered or added.
        ConfigurationError: the model's plugin is not installed.
    """
    scoring_server.install(__name__)
    folder = Path(path)
    # MLflow gives the folder `data/gridwright` of the model's own.
    check_seal(folder / SEAL, folder.parent.parent)
    manifest = read_checked(folder)
    preprocessing = None
    if manifest.preprocessing:
        text = (folder / PREPROCESSING).read_text(encoding="utf-8")
        preprocessing = Preprocessing.of_json(text)
    estimator = load_model_plugin(manifest.model).load(folder / FILES)
    return ServedModel(manifest, estimator, preprocessing)


def _computed(predictions: Array) -> Array:
    """Return `predictions`, unless the computation left the range of its numbers."""
    if not np.isfinite(predictions).all():
        row = int(np.argwhere(~np.isfinite(predictions))[0][0])
        raise RefusedInput(
            f"the model has no answer for sample {row} (counted from 0): its values lead out of "
            "the range of floating point numbers"
        )
    return predictions


def _finite(frame: pd.DataFrame) -> Array:
    try:
        x = frame.to_numpy(dtype=np.float64)
    except (ValueError, TypeError):
        numbers = frame.apply(pd.to_numeric, errors="coerce")
        row, column = np.argwhere(numbers.isna().to_numpy())[0]
        raise RefusedInput(_refusal(frame, row, column)) from None
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        raise RefusedInput(_refusal(frame, *bad[0]))
    return x


def _refusal(frame: pd.DataFrame, row: int, column: int) -> str:
    value: object = frame.iloc[row, column]
    return (
        f"every value must be a finite number, but column {frame.columns[column]!r} holds "
        f"{value} in row {row} (counted from 0)"
    )


def _at(x: Array, place: list[int]) -> Any:
    return x[tuple(place)].item()
