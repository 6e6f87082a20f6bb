"""The artifact `model/` of a run: MLflow's pyfunc layout, made from one template a kind of model.

`mlflow.pyfunc.save_model` takes 7 to 12 ms and would say the same for every trial of a grid, so
it runs once for each (data description, requirements); a trial then only fills in its own ids.
"""

from __future__ import annotations

import io
import json
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

from gridwright import __version__
from gridwright.tracking.manifest import FILES, MANIFEST, default_output, describe, table_columns
from gridwright.tracking.quiet_mlflow import Model, ModelSignature, pyfunc
from gridwright.tracking.seal import MLMODEL, SEAL, seal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array, DataDescription
    from gridwright.tracking.spool import SpooledTrial

#: Folder of the model among a run's artifacts: `runs:/<run id>/model`.
FOLDER = "model"
#: Probe inputs and the predictions that the trial recorded for them, beside the model.
PROBES = "probes.npz"
#: Folder, in `FOLDER`, of the manifest and the plugin's files.
DATA = "data/gridwright"
_LOADER = "gridwright.tracking.served_model"
_EXAMPLE = "input_example.json"
_SERVING_EXAMPLE = "serving_input_example.json"
# What the template says where a run has its own id and time.
_ID = "0" * 31 + "1"
_CREATED = "1970-01-01 00:00:00.000001"


@dataclass(frozen=True, slots=True)
class ModelArtifact:
    """What a run holds of its model.

    Attributes:
        files: the contents of `model/`, relative POSIX path -> content.
        history: value of the tag `mlflow.log-model.history`, by which MLflow's UI knows that
            the folder is a model.
    """

    files: Mapping[str, bytes]
    history: str


def model_artifact(trial: SpooledTrial, run_id: str) -> ModelArtifact:
    """Return the model of a finished trial.

    The same trial and run give the same bytes, so that a run that was cut off is completed with
    what it already holds.
    """
    spec, result = trial.spec, trial.result
    template = _template(trial.description, trial.requirements)
    created = datetime.fromtimestamp(result.ended_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def own(text: str) -> str:
        return text.replace(_ID, run_id).replace(_CREATED, created)

    files = {name: own(text).encode() for name, text in template.texts.items()}
    manifest = describe(spec.model, spec.plugin_version, trial.description, result.files)
    files[f"{DATA}/{MANIFEST}"] = manifest.to_json().encode()
    sealed = (MLMODEL, f"{DATA}/{MANIFEST}")
    files[f"{DATA}/{SEAL}"] = seal({name: files[name] for name in sealed})
    files |= {f"{DATA}/{FILES}/{name}": content for name, content in result.files.items()}
    files |= _examples(trial.description, trial.examples)
    if trial.probes is not None and result.probe_predictions is not None:
        files[PROBES] = _npz(inputs=trial.probes, predictions=result.probe_predictions)
    return ModelArtifact(files, own(template.history))


def signature(data: DataDescription) -> ModelSignature:
    """Return the signature: named double columns for a table, else a tensor of the data's type."""
    columns = table_columns(data)
    inputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name) for name in columns]
    return ModelSignature(
        inputs=Schema(inputs or [TensorSpec(np.dtype(data.dtype), (-1, *data.sample_shape))]),
        outputs=Schema([ColSpec(_output_type(data))]),
        params=ParamSchema([ParamSpec("output", DataType.string, default_output(data.task))]),
    )


@dataclass(frozen=True, slots=True)
class _Template:
    texts: Mapping[str, str]
    history: str


@lru_cache(maxsize=64)
def _template(data: DataDescription, requirements: tuple[str, ...]) -> _Template:
    model = Model(artifact_path=FOLDER, run_id=_ID, model_uuid=_ID, utc_time_created=_CREATED)
    model.saved_input_example_info = _example_info(data)
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        # The example is there, but written by hand: MLflow would load the model to check it.
        warnings.filterwarnings("ignore", "(?s).*An input example was not provided")
        folder = Path(name, FOLDER)
        data_path = Path(name, DATA)
        data_path.mkdir(parents=True)
        pyfunc.save_model(
            folder,
            loader_module=_LOADER,
            data_path=data_path,
            mlflow_model=model,
            signature=signature(data),
            # The loader is ours; MLflow adds itself.
            pip_requirements=[f"gridwright=={__version__}", *requirements],
        )
        texts = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        }
    return _Template(texts, json.dumps([model.get_tags_dict()]))


def _output_type(data: DataDescription) -> DataType:
    if data.task == "regression":
        return DataType.double
    by_type = {bool: DataType.boolean, int: DataType.long, float: DataType.double}
    return by_type.get(type(data.classes[0]) if data.classes else str, DataType.string)


def _example_info(data: DataDescription) -> dict[str, str]:
    info = {"artifact_path": _EXAMPLE, "serving_input_path": _SERVING_EXAMPLE}
    if table_columns(data):
        return info | {"type": "dataframe", "pandas_orient": "split"}
    return info | {"type": "ndarray", "format": "tf-serving"}


def _examples(data: DataDescription, samples: Array | None) -> dict[str, bytes]:
    if samples is None:
        return {}
    columns = table_columns(data)
    example: dict[str, Any] = {"inputs": samples.tolist()}
    serving = example
    if columns:
        example = {"columns": list(columns), "data": samples.tolist()}
        serving = {"dataframe_split": example}
    return {
        _EXAMPLE: json.dumps(example).encode(),
        _SERVING_EXAMPLE: json.dumps(serving).encode(),
    }


def _npz(**arrays: Array) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
