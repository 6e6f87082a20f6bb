"""The store: where it is, what it refuses, and that it keeps passwords to itself."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import pytest
from mlflow import MlflowClient

from gridwright.errors import TrackingError
from gridwright.tracking import TrackingSession, TrackingSettings
from gridwright.tracking.store import Store


def test_relative_paths_are_meant_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool")
    assert settings.uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert settings.artifacts == f"{tmp_path}/mlruns"
    assert settings.database == tmp_path / "mlflow.db"
    assert settings.own_spool.parent == tmp_path / "spool"


def test_other_places_stay_as_they_are():
    settings = TrackingSettings.resolve("http://host:5000", "s3://bucket/runs", "iris", "/spool")
    assert (settings.uri, settings.artifacts) == ("http://host:5000", "s3://bucket/runs")
    assert settings.spool == Path("/spool")
    assert settings.database is None


def test_passwords_are_not_shown():
    uri = "postgresql://user:secret@host:5432/runs?password=secret"
    settings = TrackingSettings.resolve(uri, None, "iris", "spool")
    assert settings.public_uri == "postgresql://host:5432/runs"
    other = TrackingSettings.resolve(uri.replace("secret", "new"), None, "iris", "spool")
    assert other.own_spool == settings.own_spool


def test_an_error_of_the_store_names_it_without_its_password(tmp_path):
    settings = TrackingSettings.resolve("oracle://user:secret@host/db", None, "iris", tmp_path)
    with pytest.raises(
        TrackingError, match="cannot open the tracking store at oracle://host/db"
    ) as e:
        Store.open(settings)
    assert "secret" not in str(e.value)


def test_artifacts_lie_under_an_absolute_folder_of_the_experiment(settings, session, tmp_path):
    found = MlflowClient(settings.uri).get_experiment_by_name("iris")
    assert found.artifact_location == f"{tmp_path}/mlruns/iris"
    other = session.store.experiment_id("a/b c: ../x")
    location = session.store.client.get_experiment(other).artifact_location
    assert location == f"{tmp_path}/mlruns/a-b-c-..-x"


def test_the_database_lets_readers_in(settings, session):
    with closing(sqlite3.connect(settings.database)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def rows(database):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("select count(*) from runs").fetchone()


def test_the_one_file_holds_everything_in_the_end(settings, iris, make_trial, tmp_path):
    with (
        closing(sqlite3.connect(settings.database)) as reader,
        TrackingSession.open(settings) as session,
    ):
        reader.execute("select count(*) from runs").fetchone()
        session.submit(*make_trial(), iris, ["numpy"])
    copy = tmp_path / "copy" / "mlflow.db"
    copy.parent.mkdir()
    copyfile(settings.database, copy)
    assert rows(copy) == (1,)


def test_what_a_removed_database_left_does_not_spoil_the_next(settings, tmp_path):
    with TrackingSession.open(settings) as session:
        session.store.experiment_id("another")
        left = settings.database.with_name("mlflow.db-wal").read_bytes()
    assert left
    # In another folder, as MLflow remembers the databases that a process has opened.
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "mlflow.db-wal").write_bytes(left)
    again = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", folder)
    with TrackingSession.open(again) as session:
        names = {found.name for found in session.store.client.search_experiments()}
    assert names == {"Default", "iris"}


def test_a_deleted_experiment_is_named(settings, session):
    identity = session.store.experiment_id("iris")
    MlflowClient(settings.uri).delete_experiment(identity)
    with pytest.raises(TrackingError, match=f"restore -x {identity}"):
        TrackingSession.open(settings)


def test_a_spool_folder_that_cannot_be_made_is_named(settings, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackingError, match=r"tracking\.spool"):
        Store.open(replace(settings, spool=tmp_path / "file"))


def test_a_file_that_is_no_database_is_refused(settings):
    settings.database.write_bytes(b"this is no database" * 100)
    with pytest.raises(TrackingError, match="cannot open the tracking store"):
        Store.open(settings)
