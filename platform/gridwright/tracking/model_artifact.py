"""The artifact `model/` of a run: MLflow's pyfunc layout, made from one template a kind of model.

`mlflow.pyfunc.save_model` takes 7 to 12 ms and would say the same for every trial of a grid, so
it runs once for each (data description, requirements); a trial then only fills in its own ids.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from gridwright import __version__
from gridwright.tracking.examples import example_files, example_info, probe_files
from gridwright.tracking.manifest import FILES, MANIFEST, PREPROCESSING, describe
from gridwright.tracking.quiet_mlflow import Model, pyfunc
from gridwright.tracking.request_picture import RESIZES
from gridwright.tracking.seal import MLMODEL, SEAL, seal
from gridwright.tracking.signatures import signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import DataDescription
    from gridwright.tracking.spool import SpooledTrial

#: Folder of the model among a run's artifacts: `runs:/<run id>/model`.
FOLDER = "model"
#: Folder, in `FOLDER`, of the manifest and the plugin's files.
DATA = "data/gridwright"
_LOADER = "gridwright.tracking.served_model"
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
    example = tuple(example_info(trial).items())
    # To a cache, the classes 0 and 1 are the same as False and True.
    labels = repr(trial.description.classes)
    template = _template(
        trial.description, trial.requirements, trial.preprocessing, example, labels
    )
    created = datetime.fromtimestamp(result.ended_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")

    def own(text: str) -> str:
        return text.replace(_ID, run_id).replace(_CREATED, created)

    files = {name: own(text).encode() for name, text in template.texts.items()}
    manifest = describe(
        spec.model, spec.plugin_version, trial.description, result.files, trial.preprocessing
    )
    files[f"{DATA}/{MANIFEST}"] = manifest.to_json().encode()
    if trial.preprocessing:
        files[f"{DATA}/{PREPROCESSING}"] = trial.preprocessing.encode()
    sealed = (MLMODEL, f"{DATA}/{MANIFEST}")
    files[f"{DATA}/{SEAL}"] = seal({name: files[name] for name in sealed})
    files |= {f"{DATA}/{FILES}/{name}": content for name, content in result.files.items()}
    files |= example_files(trial) | probe_files(trial)
    return ModelArtifact(files, own(template.history))


@dataclass(frozen=True, slots=True)
class _Template:
    texts: Mapping[str, str]
    history: str


@lru_cache(maxsize=64)
def _template(
    data: DataDescription,
    requirements: tuple[str, ...],
    preprocessing: str,
    example: tuple[tuple[str, str], ...],
    labels: str,
) -> _Template:
    del labels  # a part of the cache's key
    model = Model(artifact_path=FOLDER, run_id=_ID, model_uuid=_ID, utc_time_created=_CREATED)
    model.saved_input_example_info = dict(example)
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
            signature=signature(data, preprocessing),
            metadata={RESIZES: True} if data.resized else None,
            # The loader is ours; MLflow adds itself.
            pip_requirements=[f"gridwright=={__version__}", *requirements],
        )
        texts = {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        }
    return _Template(texts, json.dumps([model.get_tags_dict()]))
