"""The loader of a served model: `mlflow models serve` and `mlflow.pyfunc.load_model` come here.

A prediction takes the parameter `output`:

- `labels` (classification, the default): class labels, `["setosa", ...]`.
- `probabilities`: one record a sample, keyed by class label: `[{"setosa": 0.9, ...}, ...]`.
- `both`: `[{"label": "setosa", "probabilities": {"setosa": 0.9, ...}}, ...]`.
- `values` (regression, the default and only one): numbers; for several targets, one record a
  sample, keyed by the target's name.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from gridwright.contract import Classifier
from gridwright.errors import PluginError
from gridwright.plugins import load_model_plugin
from gridwright.tracking.manifest import FILES, Manifest, default_output, read_checked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array, Estimator

_OUTPUTS = {
    "classification": ("labels", "probabilities", "both"),
    "regression": ("values",),
}


class RefusedInput(MlflowException):
    """An input that no answer may be given to; the server answers 400 with `sentence` alone."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, error_code=INVALID_PARAMETER_VALUE)
        self.sentence = sentence

    def serialize_as_json(self) -> str:
        """Return the body of the answer: the server has put the whole input before the message."""
        return json.dumps({"error_code": self.error_code, "message": self.sentence})


class ServedModel:
    """A trained estimator behind MLflow's interface; may be asked from several threads.

    Attributes:
        manifest: what the model takes and gives.
    """

    def __init__(self, manifest: Manifest, estimator: Estimator) -> None:
        self.manifest = manifest
        self._estimator = estimator
        # The contract does not ask estimators to be safe for threads, and the server has several.
        self._lock = threading.Lock()

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        """Return predictions for a table (data frame) or a tensor (array); see the module.

        Raises:
            RefusedInput: a missing column, a value that is no finite number, or an unknown
                `output`.
        """
        task = self.manifest.task
        output = (params or {}).get("output", default_output(task))
        if output not in _OUTPUTS[task]:
            raise RefusedInput(
                f"the parameter output must be one of {', '.join(_OUTPUTS[task])}, not {output!r}"
            )
        x = self._samples(model_input)
        if len(x) == 0:
            raise RefusedInput("the input must hold at least one sample, but it is empty")
        with self._lock:
            if task == "regression":
                return self._values(x)
            if output == "labels":
                return np.asarray(self._estimator.predict(x))
            return self._with_probabilities(x, output)

    def _samples(self, model_input: Any) -> Array:
        columns = self.manifest.columns
        if not columns:
            x = np.asarray(model_input)
            if x.dtype.kind == "f" and not np.isfinite(x).all():
                place = np.argwhere(~np.isfinite(x))[0].tolist()
                raise RefusedInput(
                    f"the input must be finite, but holds {_at(x, place)} at {place}"
                )
            return x
        frame = model_input if isinstance(model_input, pd.DataFrame) else pd.DataFrame(model_input)
        missing = [name for name in columns if name not in frame.columns]
        if missing:
            raise RefusedInput(f"the input lacks the column {missing[0]!r}")
        return _finite(frame[list(columns)])

    def _values(self, x: Array) -> Any:
        values = np.asarray(self._estimator.predict(x))
        if values.ndim == 1:
            return values
        return pd.DataFrame(values, columns=list(self.manifest.target_names))

    def _with_probabilities(self, x: Array, output: str) -> pd.DataFrame:
        estimator = self._estimator
        if not isinstance(estimator, Classifier):
            raise PluginError(
                f"model plugin '{self.manifest.model}' loaded a classifier without predict_proba"
            )
        table = pd.DataFrame(
            np.asarray(estimator.predict_proba(x)),
            columns=[str(label) for label in self.manifest.classes],
        )
        if output == "probabilities":
            return table
        labels = np.asarray(estimator.predict(x))
        return pd.DataFrame({"label": labels, "probabilities": table.to_dict(orient="records")})


def _load_pyfunc(path: str) -> ServedModel:
    """Return the model that `path` (the `data` folder of an MLflow model) holds.

    Raises:
        ModelFileError: a file is missing, altered or added.
        ConfigurationError: the model's plugin is not installed.
    """
    folder = Path(path)
    manifest = read_checked(folder)
    return ServedModel(manifest, load_model_plugin(manifest.model).load(folder / FILES))


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
