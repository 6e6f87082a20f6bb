"""A spooled trial -> its MLflow run: create, artifacts, parameters and histories, commit mark."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from gridwright.contract import HISTORIES
from gridwright.tracking import artifact_files, tags
from gridwright.tracking.model_artifact import FOLDER, model_artifact
from gridwright.tracking.params import flat_params, run_name
from gridwright.tracking.signatures import signature

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow import MlflowClient
    from mlflow.types import Schema

    from gridwright.contract import DataDescription
    from gridwright.tracking.records import RunStatus
    from gridwright.tracking.spool import SpooledTrial


class Series(NamedTuple):
    """The points of one metric, by rising step.

    Attributes:
        name: of the metric.
        values: finite numbers.
        times: milliseconds since the epoch (Unix).
        steps: the epochs, from 1; 0 for a final metric.
    """

    name: str
    values: list[float]
    times: list[int]
    steps: list[int]


# By this tag MLflow's UI knows which folder of artifacts is a model.
_MODELS = "mlflow.log-model.history"
# MLflow's column for it has 36 characters; the tag gridwright.data_digest has the whole.
_DATASET_DIGEST = 32


def create(client: MlflowClient, experiment_id: str, trial: SpooledTrial) -> str:
    """Create the run of `trial`, still RUNNING, and return its id."""
    run = client.create_run(
        experiment_id,
        start_time=trial.result.started_ms,
        tags=tags.of_trial(trial),
        run_name=run_name(trial.spec),
    )
    run_id: str = run.info.run_id
    return run_id


def fill(client: MlflowClient, run_id: str, trial: SpooledTrial) -> None:
    """Write everything that belongs to the run, and last of all its status.

    The status is the commit mark: a run that is FINISHED or FAILED is complete. Writing a run
    again that was cut off adds what it lacks and doubles nothing: artifacts are overwritten with
    the same bytes, and points with the same value, step and time are one point to MLflow.
    """
    files, model_tags = artifacts(trial, run_id)
    with tempfile.TemporaryDirectory() as folder:
        artifact_files.write(folder, files)
        client.log_artifacts(run_id, folder)
    client.log_batch(
        run_id,
        metrics=list(_metrics(trial)),
        params=[Param(name, value) for name, value in flat_params(trial.spec).items()],
        tags=[RunTag(name, value) for name, value in model_tags.items()],
    )
    client.log_inputs(run_id, datasets=[dataset_input(trial)])
    client.set_terminated(run_id, status=final_status(trial), end_time=trial.result.ended_ms)


def final_status(trial: SpooledTrial) -> RunStatus:
    """Return the status by which the run of `trial` is marked as complete."""
    return "FINISHED" if trial.result.failure is None else "FAILED"


def series(trial: SpooledTrial) -> list[Series]:
    """Return the histories (step = epoch, from 1) and the final metrics.

    Values that are not finite are left out: MLflow would store a NaN as 0 and an infinity as
    1.8e308. The tag gridwright.failed_epoch says where a history ended.
    """
    result = trial.result
    found = []
    for name in HISTORIES:
        history = result.histories.get(name)
        if history is not None:
            finite = np.flatnonzero(np.isfinite(history))
            values, times = history[finite].tolist(), result.epoch_ms[finite].tolist()
            found.append(Series(name, values, times, (finite + 1).tolist()))
    for name, value in result.metrics.items():
        if np.isfinite(value):
            found.append(Series(name, [float(value)], [result.ended_ms], [0]))
    return [one for one in found if one.values]


def _metrics(trial: SpooledTrial) -> Iterator[Metric]:
    """Yield the points, the last epoch of each history first.

    MLflow keeps the latest value of each metric, and would write it anew for every later point of
    the same request.
    """
    for name, values, times, steps in series(trial):
        for value, time, step in list(zip(values, times, steps, strict=True))[::-1]:
            yield Metric(name, value, time, step)


def artifacts(trial: SpooledTrial, run_id: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the run's files, relative POSIX path -> content, and the tags that tell of them."""
    files = dict(_texts(trial))
    if trial.result.failure:
        return files, {}
    model = model_artifact(trial, run_id)
    files |= {f"{FOLDER}/{name}": content for name, content in model.files.items()}
    return files, {_MODELS: model.history}


def _texts(trial: SpooledTrial) -> Iterator[tuple[str, bytes]]:
    failure = trial.result.failure
    yield "config.yaml", as_yaml(trial.spec.config)
    if trial.result.log:
        yield "trial.log", trial.result.log.encode()
    if trial.result.exploits:
        exploits = [asdict(exploit) for exploit in trial.result.exploits]
        yield "exploits.json", json.dumps(exploits, indent=2, ensure_ascii=False).encode()
    if failure is not None and failure.traceback:
        yield "traceback.txt", failure.traceback.encode()


def as_yaml(config: Mapping[str, Any]) -> bytes:
    """Return `config` as YAML: JSON is YAML, and ten times faster to write."""
    return json.dumps(config, indent=2, ensure_ascii=False, default=str).encode()


def dataset_input(trial: SpooledTrial) -> DatasetInput:
    """Return the run's data set in MLflow's own form."""
    data = trial.description
    shape = list(data.sample_shape)
    dataset = Dataset(
        name=trial.spec.dataset,
        digest=trial.spec.data_digest[:_DATASET_DIGEST],
        source_type="local",
        source=json.dumps({"uri": trial.data_source}),
        schema=_dataset_schema_text(data, trial.preprocessing),
        profile=json.dumps({"num_rows": data.n_train, "sample_shape": shape, **trial.data_profile}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


@lru_cache(maxsize=64)
def _dataset_schema_text(data: DataDescription, preprocessing: str) -> str:
    return json.dumps(_dataset_schema(signature(data, preprocessing).inputs))


def _dataset_schema(inputs: Schema) -> dict[str, Any]:
    """Return `inputs` in the form by which MLflow's UI shows the columns of a data set."""
    if inputs.has_input_names():
        return {"mlflow_colspec": inputs.to_dict()}
    return {"mlflow_tensorspec": {"features": inputs.to_json(), "targets": None}}
