"""Rows written past MLflow's client are the client's rows; a run is there whole or not at all."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.store.db.utils import _get_latest_schema_revision

from gridwright.contract import Failure
from gridwright.errors import TrackingError
from gridwright.tracking import TrackingSession, TrackingSettings, artifact_files, embedded_store
from gridwright.tracking.embedded_store import KNOWN_SCHEMAS, EmbeddedStore
from gridwright.tracking.seal import SEAL

#: Columns that hold a random id, and what they are called once the rows are compared.
RANDOM = {"run_uuid", "source_id", "destination_id", "input_uuid", "dataset_uuid"}


def trials(make_trial):
    """Return what a trial can be: with histories, without, odd texts, diverged, broken."""
    odd = "comma, slash/ \"quote\" 'quote' [1, 2] {a: None} ünï ☃ " + 9000 * "x"
    inf = np.array([1.0, 2.0, np.inf, np.nan])
    diverged, broken = Failure("diverged", "the loss is inf", 3), Failure("error", odd, None, odd)
    made = [
        make_trial(0, epochs=300, log="said\n"),
        make_trial(1, epochs=0),
        make_trial(2, parameters={"eta": 1e-300, "text": odd, "none": None, "deep": {"a": [1]}}),
        make_trial(3, epochs=4, failure=diverged),
        make_trial(4, failure=broken, infinite=np.inf),
    ]
    made[3] = made[3][0], replace(made[3][1], histories={"loss": inf}, metrics={})
    return made


def tables(database, names):
    """Return table -> sorted rows, with random ids named after what they stand for."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        listed = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in listed.fetchall():
            rows = [dict(row) for row in connection.execute(f'select * from "{table}"')]
            found[table] = sorted(
                repr({name: _named(name, value, names) for name, value in row.items()})
                for row in rows
            )
    return found


def _named(column, value, names):
    if column in RANDOM and value not in names:
        return "random"
    if isinstance(value, str):
        for run_id, name in names.items():
            value = value.replace(run_id, name)
    return value


def write(folder, empty_store, iris, made):
    """Write the trials below a sweep; return every row, and every artifact."""
    folder.mkdir()
    shutil.copyfile(empty_store, folder / "mlflow.db")
    settings = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", folder)
    with TrackingSession.open(settings) as session:
        for spec, result in made:
            session.submit(spec, result, iris, ("numpy",), "f" * 32)
        session.drain()
        names = {run.run_id: run.key for run in session.runs([spec.key for spec, _ in made])}
    names[str(folder)] = "folder"
    root = folder / "mlruns"
    files = {
        _named("", path.relative_to(root).as_posix(), names): _named(
            "", path.read_bytes().decode("latin-1"), names
        )
        for path in root.rglob("*")
        # A seal is a digest of a file that holds the run's id.
        if path.is_file() and path.name != SEAL
    }
    return tables(settings.database, names), files


def test_the_database_holds_what_the_client_writes(
    empty_store, iris, make_trial, monkeypatch, tmp_path
):
    made = trials(make_trial)
    monkeypatch.setattr("mlflow.store.tracking.sqlalchemy_store.get_current_time_millis", lambda: 1)
    embedded, files = write(tmp_path / "embedded", empty_store, iris, made)
    monkeypatch.setattr(EmbeddedStore, "behind", lambda client: None)
    by_client, client_files = write(tmp_path / "by_client", empty_store, iris, made)

    assert embedded.keys() == by_client.keys()
    for table, rows in by_client.items():
        assert embedded[table] == rows, table
    # Histories of 300, 0, 5, 2 (loss only) and 5 epochs, and five final metrics of four trials.
    assert len(embedded["metrics"]) == 4 * (300 + 5 + 5) + 2 + 4 * 5
    assert (len(embedded["runs"]), len(embedded["datasets"]), len(embedded["inputs"])) == (5, 1, 5)
    assert files == client_files
    assert len(files) > 30


class Death(BaseException):
    """Stands for the end of the process: nothing may catch it and go on."""


def deadly(*args, **kwargs):
    raise Death


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (artifact_files, "put"),
        (embedded_store, "_insert_run"),
        (embedded_store, "_insert_points"),
        (embedded_store, "_insert_input"),
        (os, "unlink"),
    ],
)
def test_a_run_is_there_whole_or_not_at_all(
    settings, iris, make_trial, runs, points, monkeypatch, owner, step
):
    spec, result = make_trial(epochs=30)
    session = TrackingSession.open(settings)
    with monkeypatch.context() as patch:
        # The last step of writing a run is that its spool file goes.
        patch.setattr(*(("pathlib.Path.unlink",) if owner is os else (owner, step)), deadly)
        session.submit(spec, result, iris, ("numpy",))
        with pytest.raises(Death):
            session.drain()
    before = [run.info.run_id for run in runs()]
    assert len(before) == (owner is os)
    assert [len(points(run, "loss")) for run in runs()] == [30] * len(before)

    with TrackingSession.open(settings) as later:
        assert later.recovered == 1
    (run,) = runs("FINISHED")
    assert before in ([], [run.info.run_id])
    assert len(points(run, "val_score")) == 30
    assert len(list((settings.spool.parent / "mlruns/iris").iterdir())) == 1


def test_the_schema_of_the_pinned_mlflow_is_known():
    assert _get_latest_schema_revision() in KNOWN_SCHEMAS


def test_an_unknown_schema_goes_by_the_client(settings, monkeypatch):
    client = MlflowClient(settings.uri)
    assert isinstance(EmbeddedStore.behind(client), EmbeddedStore)
    monkeypatch.setattr(embedded_store, "KNOWN_SCHEMAS", frozenset())
    assert EmbeddedStore.behind(client) is None


def test_a_server_goes_by_the_client():
    assert EmbeddedStore.behind(MlflowClient("http://127.0.0.1:9")) is None


def test_an_experiment_that_is_deleted_meanwhile_is_one_sentence(settings, iris, make_trial):
    session = TrackingSession.open(settings)
    session.store.client.delete_experiment(session.store.experiment_id("iris"))
    session.submit(*make_trial(1), iris, ("numpy",))
    with pytest.raises(TrackingError, match=r"the experiment iris was deleted meanwhile.*wait in"):
        session.drain()
    assert len(list(settings.own_spool.glob("*.trial"))) == 1
