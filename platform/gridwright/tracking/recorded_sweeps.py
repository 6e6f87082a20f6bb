"""The sweeps that a store holds, with their trials, read back to be shown elsewhere."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from gridwright.errors import TrackingError
from gridwright.tracking import tags
from gridwright.tracking.artifact_files import requirements_of, text_of
from gridwright.tracking.recorded_run import CONFIG
from gridwright.tracking.store_errors import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow.entities import Run

    from gridwright.tracking.records import TrackingSettings

_LEADERBOARD = "leaderboard.csv"
_VERSION = "gridwright.version."
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class RecordedTrial:
    """A trial of a sweep.

    Attributes:
        run_id: MLflow's id of its run.
        config: the whole resolved configuration it ran with.
        metrics: its final metrics.
        failed: it diverged, or stopped with an error.
    """

    run_id: str
    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    failed: bool


@dataclass(frozen=True, slots=True)
class RecordedSweep:
    """A sweep that has ended.

    Attributes:
        command: the command line that ran it.
        date: UTC day on which it began, as 2026-01-31.
        seconds: from its beginning to its end.
        commit: git commit of the working folder, the last one where a sweep was continued; empty
            outside of a repository.
        dirty: whether tracked files differed from that commit.
        versions: name -> version of Gridwright, the plugins, and what a model of it needs.
        trials: all of its trials, those taken over from other sweeps included.
    """

    command: str
    date: str
    seconds: float
    commit: str
    dirty: bool
    versions: Mapping[str, str]
    trials: tuple[RecordedTrial, ...]


def read_sweeps(settings: TrackingSettings, token: str) -> list[RecordedSweep]:
    """Return the sweeps with the argument `token` in their command that ended, the oldest first.

    That is, all of their trials did; a best model that was refused in the end changes none of them.

    Args:
        settings: where the store is; its experiment does not matter.
        token: such as `experiment=paper/iris`.

    Raises:
        TrackingError: there is no such store, or it cannot be read.
    """
    if settings.database is not None and not settings.database.exists():
        raise TrackingError(f"there is no tracking store at {settings.database}")
    with sentences(settings, "read the sweeps"):
        client = MlflowClient(settings.uri)
        return [
            _sweep(client, run)
            for run in sorted(_parents(client), key=lambda run: run.info.start_time)
            if token in run.data.tags.get("gridwright.command", "").split()
            and _has_ended(client, run)
        ]


def _parents(client: MlflowClient) -> Iterator[Run]:
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return _runs(client, ids, f"tags.\"{tags.SWEEP_KEY}\" != ''")


def _has_ended(client: MlflowClient, parent: Run) -> bool:
    """Return whether a sweep came to its leaderboard, which is written once all trials ended."""
    if parent.info.status == "FAILED":
        return any(file.path == _LEADERBOARD for file in client.list_artifacts(parent.info.run_id))
    return bool(parent.info.status == "FINISHED")


def _runs(client: MlflowClient, experiments: list[str], condition: str) -> Iterator[Run]:
    token: str | None = None
    while True:
        page = client.search_runs(experiments, condition, max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _sweep(client: MlflowClient, parent: Run) -> RecordedSweep:
    held, info = parent.data.tags, parent.info
    ids = [
        row["run_id"] for row in csv.DictReader(io.StringIO(text_of(client, parent, _LEADERBOARD)))
    ]
    of_experiment = _runs(client, [info.experiment_id], f"tags.\"{tags.TRIAL_KEY}\" != ''")
    by_id = {run.info.run_id: run for run in of_experiment}
    runs = [by_id[run_id] for run_id in ids if run_id in by_id]
    finished = next((run for run in runs if run.info.status == "FINISHED"), None)
    # The sweep's own run names what it was begun with, and its trials what they ended with.
    own_runs = [run for run in runs if run.data.tags.get(tags.PARENT) == info.run_id]
    newest = max(own_runs, key=lambda run: run.info.end_time, default=parent).data.tags
    began = datetime.fromtimestamp(info.start_time / 1000, UTC)
    own = {name.removeprefix(_VERSION): held[name] for name in held if name.startswith(_VERSION)}
    return RecordedSweep(
        command=held.get("gridwright.command", ""),
        date=f"{began:%Y-%m-%d}",
        seconds=(info.end_time - info.start_time) / 1000,
        commit=newest.get(tags.COMMIT, ""),
        dirty=newest.get(tags.DIRTY) == "true",
        versions=own | ({} if finished is None else _requirements(client, finished)),
        trials=tuple(_trial(client, run) for run in runs),
    )


def _trial(client: MlflowClient, run: Run) -> RecordedTrial:
    return RecordedTrial(
        run_id=run.info.run_id,
        config=json.loads(text_of(client, run, CONFIG)),
        metrics=run.data.metrics,
        failed=tags.FAILURE_KIND in run.data.tags,
    )


def _requirements(client: MlflowClient, run: Run) -> dict[str, str]:
    try:
        return requirements_of(client, run)
    except (MlflowException, OSError):  # a model that was removed takes its list along
        return {}
