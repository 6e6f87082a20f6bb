"""The tracking store: opened once, by one process at a time."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Run, ViewType

from gridwright.errors import TrackingError
from gridwright.tracking.store_errors import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gridwright.tracking.records import TrackingSettings

_PAGE = 1000
# What the list of experiments shows as their kind: training, not language models.
_TRAINING = {"mlflow.experimentKind": "custom_model_development"}
# A fresh database and a new model version say a hundred things that nobody can act on.
_LOUD = ("alembic", "mlflow.store")
# MLflow prints the whole exception of a locked or full database, which is raised all the same.
_LOUDER = ("mlflow.store.db.utils",)


class Store:
    """One MLflow tracking store, with its client and its lock.

    Attributes:
        settings: where it is.
        client: speaks to it.
        lock: held by whoever writes; other processes of Gridwright wait for it.
    """

    def __init__(self, settings: TrackingSettings, client: MlflowClient, lock: FileLock) -> None:
        self.settings = settings
        self.client = client
        self.lock = lock
        self._experiments: dict[str, str] = {}

    @classmethod
    def open(cls, settings: TrackingSettings) -> Store:
        """Open the store, and bring its database up to date if need be.

        The first opening of a database writes its tables without any lock of its own, hence ours.

        Raises:
            TrackingError: the store or the spool folder cannot be used.
        """
        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.WARNING)
        for name in _LOUDER:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            settings.own_spool.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrackingError(
                f"the spool folder {settings.own_spool} cannot be made ({error.strerror}): "
                "set tracking.spool to a folder that can be written"
            ) from error
        lock = FileLock(settings.own_spool / "writer.lock")
        with lock, sentences(settings, "open the tracking store"):
            if settings.database is not None and not settings.database.exists():
                _make_database(settings.database)
            client = MlflowClient(tracking_uri=settings.uri)
            store = cls(settings, client, lock)
            store.experiment_id(settings.experiment_name)
        if settings.database is not None:
            _let_readers_in(settings.database)
        return store

    def close(self) -> None:
        """Leave everything in the one file of an embedded database, which may then be copied.

        Where others use it at this moment, the last of them does so.
        """
        if self.settings.database is not None:
            with (
                suppress(sqlite3.OperationalError),
                closing(sqlite3.connect(self.settings.database)) as connection,
            ):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def experiment_id(self, name: str) -> str:
        """Return the id of the experiment `name`, which is made if it is new.

        Raises:
            TrackingError: the experiment was deleted in MLflow.
        """
        if name not in self._experiments:
            with self.lock:
                self._experiments[name] = self._find_or_create(name)
        return self._experiments[name]

    def runs(self, experiment_name: str, condition: str) -> Iterator[Run]:
        """Yield the runs that meet `condition`, a filter of `MlflowClient.search_runs`."""
        token: str | None = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id(experiment_name)],
                condition,
                run_view_type=ViewType.ACTIVE_ONLY,
                max_results=_PAGE,
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return

    def _find_or_create(self, name: str) -> str:
        experiment = self.client.get_experiment_by_name(name)
        if experiment is None:
            created: str = self.client.create_experiment(
                name, self._artifact_location(name), tags=_TRAINING
            )
            return created
        if experiment.lifecycle_stage != "active":
            raise TrackingError(
                f"the MLflow experiment '{name}' was deleted: restore it with "
                f"`mlflow experiments restore -x {experiment.experiment_id}`, or choose another "
                "name with tracking.experiment_name"
            )
        found: str = experiment.experiment_id
        return found

    def _artifact_location(self, experiment_name: str) -> str | None:
        root = self.settings.artifacts
        if root is None:
            return None
        folder = re.sub(r"[^\w.-]+", "-", experiment_name).strip(".-") or "experiment"
        return f"{root.rstrip('/')}/{folder}"


def _make_database(database: Path) -> None:
    """Write MLflow's tables into a new file, which gets its name once they are all there.

    That takes seconds, and a process that dies meanwhile would leave a database that MLflow can
    neither use nor complete.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    temporary = database.with_name(f"{database.name}.{os.getpid()}.new")
    temporary.unlink(missing_ok=True)
    try:
        client = MlflowClient(tracking_uri=f"sqlite:///{temporary}")
        client.search_experiments(max_results=1)
        client._tracking_client.store._dispose_engine()  # noqa: SLF001 - lets go of the file
        # Those of a database that somebody has removed would spoil the new one.
        for ending in ("-wal", "-shm"):
            database.with_name(f"{database.name}{ending}").unlink(missing_ok=True)
        temporary.replace(database)
    finally:
        temporary.unlink(missing_ok=True)


def _let_readers_in(database: Path) -> None:
    """Let `mlflow ui` read while a sweep writes; commits get cheaper, too.

    The setting stays with the file. Where it cannot be had now (somebody else is reading, or the
    file system cannot do it), everything works without it.
    """
    if os.access(database, os.W_OK):
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
