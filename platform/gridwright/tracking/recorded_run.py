"""What MLflow holds of one run: enough to run its trial again and to compare the two."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient

from gridwright.contract import HISTORIES
from gridwright.errors import TrackingError
from gridwright.tracking import tags
from gridwright.tracking.artifact_files import requirements_of, text_of
from gridwright.tracking.store_errors import sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow.entities import Run

    from gridwright.tracking.records import FinishedRun, TrackingSettings

CONFIG = "config.yaml"


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run of one trial, read back.

    Attributes:
        run: its outcome.
        config: the whole resolved configuration it ran with.
        command: the command that repeats it.
        histories: name of `HISTORIES` -> values by epoch, from 1.
        plugin_version: version of its model plugin.
        requirements: name -> version of what it ran with, as far as its model says.
        commit: git commit of the working folder; empty outside of a repository.
        dirty: whether tracked files differed from that commit.
    """

    run: FinishedRun
    config: Mapping[str, Any]
    command: str
    histories: Mapping[str, Mapping[int, float]]
    plugin_version: str
    requirements: Mapping[str, str]
    commit: str
    dirty: bool

    @classmethod
    def read(cls, settings: TrackingSettings, run_id: str) -> RecordedRun:
        """Return the run with this id.

        Raises:
            TrackingError: there is no such run, or it is not one finished trial.
        """
        if settings.database is not None and not settings.database.exists():
            raise TrackingError(
                f"there is no tracking store at {settings.database}: type the command in the "
                "folder of the run, or name the store with tracking.uri"
            )
        with sentences(settings, f"read run {run_id}"):
            client = MlflowClient(settings.uri)
            run = client.get_run(run_id)
            if tags.TRIAL_KEY not in run.data.tags:
                raise TrackingError(
                    f"run {run_id} is not a trial: a sweep is repeated by its command, "
                    f"{run.data.tags.get('gridwright.command', 'which it does not have')}"
                )
            if tags.EXPLOITS in run.data.tags:
                raise TrackingError(
                    f"run {run_id} went on with the states of others "
                    f"({run.data.tags[tags.EXPLOITS]}), so that no single run repeats it: its "
                    f"whole population is repeated by {run.data.tags.get('gridwright.command')} "
                    "in another folder"
                )
            if run.info.status not in {"FINISHED", "FAILED"}:
                raise TrackingError(f"run {run_id} has not finished: it is {run.info.status}")
            return cls._of(client, run)

    @classmethod
    def _of(cls, client: MlflowClient, run: Run) -> RecordedRun:
        held = run.data.tags
        run_id = run.info.run_id
        return cls(
            run=tags.finished_run(run),
            config=json.loads(text_of(client, run, CONFIG)),
            command=held.get("gridwright.command", ""),
            histories={
                name: {p.step: p.value for p in client.get_metric_history(run_id, name)}
                for name in HISTORIES
            },
            plugin_version=held.get("gridwright.plugin_version", ""),
            # A failed trial has no model, and so no list.
            requirements=(requirements_of(client, run) if run.info.status == "FINISHED" else {}),
            commit=held.get(tags.COMMIT, ""),
            dirty=held.get(tags.DIRTY) == "true",
        )
