"""The tags of a run: how Gridwright finds it again, and what a reader wants to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gridwright.contract import Failure
from gridwright.tracking.params import TAG_LENGTH, shortened
from gridwright.tracking.records import FinishedRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

    from gridwright.contract import RankBy
    from gridwright.tracking.provenance import Provenance
    from gridwright.tracking.records import RunStatus, SweepRecord
    from gridwright.tracking.spool import SpooledTrial

TRIAL_KEY = "gridwright.trial_key"
SWEEP_KEY = "gridwright.sweep_key"
DATASET_KEY = "gridwright.dataset_key"
RANK_BY = "gridwright.rank_by"
FAILURE_KIND = "gridwright.failure_kind"
COMMIT = "mlflow.source.git.commit"
DIRTY = "gridwright.git_dirty"
EXPLOITS = "gridwright.exploits"
PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"


def equals(tag: str, value: str) -> str:
    """Return MLflow's condition for the runs on which a tag has a value."""
    return f"tags.\"{tag}\" = '{value}'"


def of_trial(trial: SpooledTrial) -> dict[str, str]:
    """Return the tags of a trial's run.

    MLflow's UI lists every tag of every run it shows, so that none says what a parameter says:
    `model` and `dataset` are parameters (see `gridwright.tracking.params`).
    """
    spec, failure = trial.spec, trial.result.failure
    tags = {
        TRIAL_KEY: spec.key,
        DATASET_KEY: spec.dataset_key,
        "gridwright.data_digest": spec.data_digest,
        "gridwright.plugin_version": spec.plugin_version,
        RANK_BY: spec.rank_by,
        "gridwright.command": spec.command,
        **_of_code(trial.provenance),
    }
    if trial.parent_run_id is not None:
        tags[PARENT] = trial.parent_run_id
    if trial.result.exploits:
        tags[EXPLOITS] = "; ".join(
            f"after epoch {one.epoch} from trial {one.donor[:12]}" for one in trial.result.exploits
        )
    if failure is not None:
        tags["gridwright.failure"] = failure.reason
        tags[FAILURE_KIND] = failure.kind
        if failure.epoch is not None:
            tags["gridwright.failed_epoch"] = str(failure.epoch)
    return {name: shortened(value, TAG_LENGTH) for name, value in tags.items()}


def of_sweep(sweep: SweepRecord, provenance: Provenance) -> dict[str, str]:
    """Return the tags of a sweep's run."""
    tags = {
        SWEEP_KEY: sweep.key,
        "gridwright.datasets": ", ".join(sweep.datasets),
        "gridwright.trials": str(sweep.n_trials),
        RANK_BY: sweep.rank_by,
        "gridwright.command": sweep.command,
        **{f"gridwright.version.{name}": version for name, version in sweep.versions.items()},
        **_of_code(provenance),
    }
    return {name: shortened(value, TAG_LENGTH) for name, value in tags.items()}


def finished_run(run: Run) -> FinishedRun:
    """Return what Gridwright needs of a run that MLflow holds."""
    tags = run.data.tags
    kind = tags.get(FAILURE_KIND)
    epoch = tags.get("gridwright.failed_epoch")
    failure = None
    if kind is not None:
        failure = Failure(
            kind="diverged" if kind == "diverged" else "error",
            reason=tags.get("gridwright.failure", ""),
            epoch=None if epoch is None else int(epoch),
        )
    return FinishedRun(
        run_id=run.info.run_id,
        key=tags[TRIAL_KEY],
        status=cast("RunStatus", run.info.status),
        metrics=run.data.metrics,
        parameters=run.data.params,
        dataset=run.data.params.get("dataset", ""),
        dataset_key=tags.get(DATASET_KEY, ""),
        data_digest=tags.get("gridwright.data_digest", ""),
        model=run.data.params.get("model", ""),
        rank_by=cast("RankBy", tags.get(RANK_BY, "validation")),
        parent_run_id=tags.get(PARENT),
        failure=failure,
    )


def written_run(run_id: str, trial: SpooledTrial, params: Mapping[str, str]) -> FinishedRun:
    """Return the same for a run that was just written."""
    spec, result = trial.spec, trial.result
    return FinishedRun(
        run_id=run_id,
        key=spec.key,
        status="FINISHED" if result.failure is None else "FAILED",
        metrics=dict(result.metrics),
        parameters=params,
        dataset=spec.dataset,
        dataset_key=spec.dataset_key,
        data_digest=spec.data_digest,
        model=spec.model,
        rank_by=spec.rank_by,
        parent_run_id=trial.parent_run_id,
        failure=result.failure,
    )


def _of_code(provenance: Provenance) -> dict[str, Any]:
    tags = {
        "mlflow.source.type": "LOCAL",
        "mlflow.source.name": provenance.program,
        "mlflow.user": provenance.user,
    }
    if provenance.commit:
        tags[COMMIT] = provenance.commit
        tags[DIRTY] = str(provenance.dirty).lower()
    return tags
