"""Whole runs, each written into MLflow's own sqlite database in one transaction.

Through `MlflowClient` a run of 1,200 points costs about 110 ms of CPU, nearly all of it in the
objects that SQLAlchemy makes of every point. Here the rows go into the same tables, through
MLflow's own session, without these objects: the database then holds what the client would have
written, row by row (a test compares them). A run is there whole, or not at all.

This is only for a database in this process, of a schema that was compared; everything else,
tracking servers above all, is written by `run_record` through the client.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from itertools import repeat
from typing import TYPE_CHECKING, Any

from mlflow.exceptions import MlflowException
from mlflow.store.db.utils import _get_schema_version
from mlflow.store.tracking.dbmodels import models
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.utils.uri import append_to_uri_path
from mlflow.utils.validation import _validate_metric_name, _validate_param, _validate_tag

from gridwright.tracking import artifact_files, run_record, tags
from gridwright.tracking.params import flat_params, run_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow import MlflowClient
    from sqlalchemy import Connection

    from gridwright.tracking.run_record import Series
    from gridwright.tracking.spool import SpooledTrial

#: Versions of MLflow's tables (Alembic revisions) whose rows were compared with the client's.
KNOWN_SCHEMAS = frozenset({"dc11669786a5"})

_log = logging.getLogger(__name__)


class EmbeddedStore:
    """Writes runs into the sqlite database of an MLflow store that lives in this process.

    Args:
        store: MLflow's.
    """

    def __init__(self, store: SqlAlchemyStore) -> None:
        self._store = store
        self._locations: dict[str, str] = {}

    @classmethod
    def behind(cls, client: MlflowClient) -> EmbeddedStore | None:
        """Return the embedded store of `client`; None where runs must go through the client."""
        store = client._tracking_client.store  # noqa: SLF001 - MLflow has no other road to it
        if type(store) is not SqlAlchemyStore or store.engine.dialect.name != "sqlite":
            return None
        schema = _get_schema_version(store.engine)
        if schema not in KNOWN_SCHEMAS:
            _log.info("MLflow's tables have the unknown version %s: runs go by its client", schema)
            return None
        return cls(store)

    def write(self, experiment_id: str, trial: SpooledTrial) -> str:
        """Write the finished run of `trial`: artifacts first, then all rows at once.

        The id of the run follows from the trial: a process that died between the two leaves
        artifacts that the next one overwrites with the same bytes.

        Returns:
            The id of the run.

        Raises:
            MlflowException: the store refuses it.
            OSError: the artifacts cannot be written.
        """
        run_id = _run_id(trial)
        folder = append_to_uri_path(self._location(experiment_id), run_id)
        uri = append_to_uri_path(folder, SqlAlchemyStore.ARTIFACTS_FOLDER_NAME)
        files, model_tags = run_record.artifacts(trial, run_id)
        artifact_files.put(uri, files)
        run_tags = tags.of_trial(trial) | {"mlflow.runName": run_name(trial.spec)} | model_tags
        with self._store.ManagedSessionMaker(read_only=False) as session:
            connection = session.connection()
            # The database stays whole after a power cut; the last runs may then be written anew.
            connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            if not _holds(connection, run_id):
                _insert_run(connection, run_id, int(experiment_id), uri, trial)
                _insert_texts(connection, run_id, run_tags, flat_params(trial.spec))
                _insert_points(connection, run_id, run_record.series(trial))
                _insert_input(connection, run_id, int(experiment_id), trial)
        return run_id

    def _location(self, experiment_id: str) -> str:
        if experiment_id not in self._locations:
            experiment = self._store.get_experiment(experiment_id)
            self._locations[experiment_id] = experiment.artifact_location
        return self._locations[experiment_id]


def _run_id(trial: SpooledTrial) -> str:
    """Return 32 hexadecimal digits, as MLflow's own ids: the same for the same result."""
    result = trial.result
    identity = f"{trial.experiment_name} {result.key} {result.started_ms} {result.ended_ms}"
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _holds(connection: Connection, run_id: str) -> bool:
    return _known(connection, models.SqlRun, "run_uuid", run_uuid=run_id) is not None


def _known(connection: Connection, model: Any, wanted: str, **identity: Any) -> Any:
    """Return the column `wanted` of the row that has the values `identity`; None without one."""
    table = model.__table__
    where = " AND ".join(f'"{table.c[column].name}" = ?' for column in identity)
    query = f'SELECT "{table.c[wanted].name}" FROM {table.name} WHERE {where}'  # noqa: S608 - MLflow's own names
    row = connection.exec_driver_sql(query, tuple(identity.values())).first()
    return None if row is None else row[0]


def _insert_run(
    connection: Connection, run_id: str, experiment_id: int, uri: str, trial: SpooledTrial
) -> None:
    stage = _known(connection, models.SqlExperiment, "lifecycle_stage", experiment_id=experiment_id)
    if stage != "active":
        raise MlflowException(f"the experiment {trial.experiment_name} was deleted meanwhile")
    row = {
        "run_uuid": run_id,
        "name": run_name(trial.spec),
        "source_type": "UNKNOWN",
        "source_name": "",
        "entry_point_name": "",
        "user_id": tags.of_trial(trial).get("mlflow.user", "unknown"),
        "status": run_record.final_status(trial),
        "start_time": trial.result.started_ms,
        "end_time": trial.result.ended_ms,
        "source_version": "",
        "lifecycle_stage": "active",
        "artifact_uri": uri,
        "experiment_id": experiment_id,
    }
    _insert(connection, models.SqlRun, tuple(row), [tuple(row.values())])


def _insert_texts(
    connection: Connection, run_id: str, run_tags: dict[str, str], params: dict[str, str]
) -> None:
    # MLflow's own rules for names and lengths.
    kept = [_validate_tag(name, value) for name, value in run_tags.items()]
    given = [_validate_param(name, value) for name, value in params.items()]
    for model, entries in ((models.SqlTag, kept), (models.SqlParam, given)):
        rows = [(entry.key, entry.value, run_id) for entry in entries]
        _insert(connection, model, ("key", "value", "run_uuid"), rows)


def _insert_points(connection: Connection, run_id: str, measured: Sequence[Series]) -> None:
    points: list[tuple[Any, ...]] = []
    latest = []
    for name, values, times, steps in measured:
        _validate_metric_name(name)
        # By rising step, which is how the indexes of the table grow at their end.
        own = list(zip(repeat(name), values, times, steps, repeat(False), repeat(run_id)))
        points += own
        latest.append(own[-1])
    columns = ("key", "value", "timestamp", "step", "is_nan", "run_uuid")
    _insert(connection, models.SqlMetric, columns, points)
    _insert(connection, models.SqlLatestMetric, columns, latest)


def _insert_input(
    connection: Connection, run_id: str, experiment_id: int, trial: SpooledTrial
) -> None:
    """Write that the run used its data set, which is one row for all runs that did."""
    used = run_record.dataset_input(trial)
    dataset_id = _dataset_id(connection, experiment_id, used.dataset)
    link = {
        "input_uuid": uuid.uuid4().hex,
        "source_type": "DATASET",
        "source_id": dataset_id,
        "destination_type": "RUN",
        "destination_id": run_id,
    }
    _insert(connection, models.SqlInput, tuple(link), [tuple(link.values())])
    notes = [(link["input_uuid"], tag.key, tag.value) for tag in used.tags]
    _insert(connection, models.SqlInputTag, ("input_uuid", "name", "value"), notes)


def _dataset_id(connection: Connection, experiment_id: int, data: Any) -> str:
    identity = {"experiment_id": experiment_id, "name": data.name, "digest": data.digest}
    known = _known(connection, models.SqlDataset, "dataset_uuid", **identity)
    if known is not None:
        return str(known)
    row = identity | {
        "dataset_uuid": uuid.uuid4().hex,
        "dataset_source_type": data.source_type,
        "dataset_source": data.source,
        "dataset_schema": data.schema,
        "dataset_profile": data.profile,
    }
    _insert(connection, models.SqlDataset, tuple(row), [tuple(row.values())])
    return str(row["dataset_uuid"])


def _insert(
    connection: Connection, model: Any, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert `rows` past SQLAlchemy's handling of single values, which costs more than sqlite's."""
    if rows:
        table = model.__table__
        names = ", ".join(f'"{table.c[column].name}"' for column in columns)
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - as above
        connection.exec_driver_sql(statement, list(rows))
