"""A spooled trial -> its MLflow run: create, artifacts, parameters and histories, commit mark."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag

from gridwright.contract import HISTORIES
from gridwright.tracking import tags
from gridwright.tracking.model_artifact import FOLDER, model_artifact, signature
from gridwright.tracking.params import flat_params, run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow import MlflowClient
    from mlflow.types import Schema

    from gridwright.tracking.spool import SpooledTrial

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
    model = None if trial.result.failure else model_artifact(trial, run_id)
    _log_files(client, run_id, trial, {} if model is None else model.files)
    client.log_batch(
        run_id,
        metrics=list(metrics(trial)),
        params=[Param(name, value) for name, value in flat_params(trial.spec).items()],
        tags=[] if model is None else [RunTag(_MODELS, model.history)],
    )
    client.log_inputs(run_id, datasets=[_dataset(trial)])
    status = "FINISHED" if trial.result.failure is None else "FAILED"
    client.set_terminated(run_id, status=status, end_time=trial.result.ended_ms)


def metrics(trial: SpooledTrial) -> Iterator[Metric]:
    """Yield the points of the histories (step = epoch, from 1) and the final metrics.

    The last epoch comes first: MLflow keeps the latest value of each metric, and would write it
    anew for every later point of the same request.

    Values that are not finite are left out: MLflow would store a NaN as 0 and an infinity as
    1.8e308. The tag gridwright.failed_epoch says where a history ended.
    """
    result = trial.result
    times = result.epoch_ms.tolist()
    for name in HISTORIES:
        history = result.histories.get(name)
        values = [] if history is None else history.tolist()
        for epoch in range(len(values), 0, -1):
            if math.isfinite(values[epoch - 1]):
                yield Metric(name, values[epoch - 1], times[epoch - 1], epoch)
    for name, value in result.metrics.items():
        if math.isfinite(value):
            yield Metric(name, float(value), result.ended_ms, 0)


def _log_files(
    client: MlflowClient, run_id: str, trial: SpooledTrial, model: Mapping[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        for relative, content in (
            *_texts(trial),
            *((f"{FOLDER}/{n}", c) for n, c in model.items()),
        ):
            path = Path(name, relative)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, name)


def _texts(trial: SpooledTrial) -> Iterator[tuple[str, bytes]]:
    failure = trial.result.failure
    yield "config.yaml", as_yaml(trial.spec.config)
    if trial.result.log:
        yield "trial.log", trial.result.log.encode()
    if failure is not None and failure.traceback:
        yield "traceback.txt", failure.traceback.encode()


def as_yaml(config: Mapping[str, Any]) -> bytes:
    """Return `config` as YAML: JSON is YAML, and ten times faster to write."""
    return json.dumps(config, indent=2, ensure_ascii=False, default=str).encode()


def _dataset(trial: SpooledTrial) -> DatasetInput:
    data = trial.description
    dataset = Dataset(
        name=trial.spec.dataset,
        digest=trial.spec.data_digest[:_DATASET_DIGEST],
        source_type="local",
        source=json.dumps({"uri": trial.data_source}),
        schema=json.dumps(_dataset_schema(signature(data).inputs)),
        profile=json.dumps({"num_rows": data.n_train, "sample_shape": list(data.sample_shape)}),
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _dataset_schema(inputs: Schema) -> dict[str, Any]:
    """Return `inputs` in the form by which MLflow's UI shows the columns of a data set."""
    if inputs.has_input_names():
        return {"mlflow_colspec": inputs.to_dict()}
    return {"mlflow_tensorspec": {"features": inputs.to_json(), "targets": None}}
