"""Samples beside a stored model: its input example, and probes that a loaded copy must repeat."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from gridwright.tracking.manifest import table_columns
from gridwright.tracking.request_table import table
from gridwright.tracking.signatures import signature

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.types import Schema

    from gridwright.contract import Array
    from gridwright.tracking.manifest import Manifest
    from gridwright.tracking.spool import SpooledTrial

#: Probe inputs and the predictions that the trial recorded for them, beside the model.
PROBES = "probes.npz"
#: Probe inputs of a table in its own columns, in pandas' split form.
RAW_PROBES = "probes.json"
_EXAMPLES = 2
_EXAMPLE = "input_example.json"
_SERVING_EXAMPLE = "serving_input_example.json"


def example_info(trial: SpooledTrial) -> dict[str, str]:
    """Return what MLmodel says of the input example."""
    info = {"artifact_path": _EXAMPLE, "serving_input_path": _SERVING_EXAMPLE}
    if columns_of(trial):
        return info | {"type": "dataframe", "pandas_orient": "split"}
    return info | {"type": "ndarray", "format": "tf-serving"}


def example_files(trial: SpooledTrial) -> dict[str, bytes]:
    """Return the input example in the two forms that MLflow has for it."""
    rows: Any = trial.raw_rows[:_EXAMPLES]
    if not rows:
        if trial.examples is None:
            return {}
        rows = trial.examples.tolist()
    columns = columns_of(trial)
    example: dict[str, Any] = {"inputs": rows}
    serving = example
    if columns:
        example = {"columns": list(columns), "data": rows}
        serving = {"dataframe_split": example}
    return {_EXAMPLE: _json(example), _SERVING_EXAMPLE: _json(serving)}


def probe_files(trial: SpooledTrial) -> dict[str, bytes]:
    """Return the samples that the trial's recorded predictions belong to, and these."""
    predictions = trial.result.probe_predictions
    if trial.probes is None or predictions is None:
        return {}
    if not trial.preprocessing:
        return {PROBES: _npz(inputs=trial.probes, predictions=predictions)}
    split = {"columns": list(columns_of(trial)), "data": trial.raw_rows}
    return {PROBES: _npz(predictions=predictions), RAW_PROBES: _json(split)}


def read_probes(folder: Path, manifest: Manifest, inputs: Schema) -> tuple[Any, Array]:
    """Return the probes as a client would send them, and the predictions that were recorded.

    Args:
        folder: of the model.
        manifest: of the model.
        inputs: of the model's signature.

    Raises:
        OSError: the files are not there.
    """
    with np.load(folder / PROBES, allow_pickle=False) as probes:
        recorded: Array = probes["predictions"]
        if manifest.preprocessing:
            split = json.loads((folder / RAW_PROBES).read_text(encoding="utf-8"))
            return table(split, "dataframe_split", inputs), recorded
        asked: Array = probes["inputs"]
    if not manifest.columns:
        return asked, recorded
    return pd.DataFrame(asked, columns=list(manifest.columns), dtype=np.float64), recorded


def columns_of(trial: SpooledTrial) -> tuple[str, ...]:
    """Return the columns that the model takes; empty where samples are tensors."""
    if not trial.preprocessing:
        return table_columns(trial.description)
    inputs = signature(trial.description, trial.preprocessing).inputs
    return tuple(map(str, inputs.input_names()))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _npz(**arrays: Array) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
