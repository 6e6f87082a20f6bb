"""Disks that are full, a database that somebody else has locked, a clock that jumps back."""

import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import repeat
from shutil import copyfile

import numpy as np
import pytest
import sqlalchemy

from gridwright.errors import TrackingError
from gridwright.tracking import TrackingSession, TrackingSettings, spool

PATIENT = {"patience": 60.0, "retry_interval": 0.1}


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MiB, and a function that fills it to the last kilobytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk needs the right to mount one")

    def fill():
        ballast = folder / "ballast"
        with (
            ballast.open("wb", buffering=0) as file,
            pytest.raises(OSError, match="No space left"),
        ):
            file.writelines(repeat(b"\0" * 4096))
        return ballast

    yield folder, fill
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def after(seconds, act):
    """Do something in a while, from another thread."""
    timer = threading.Timer(seconds, act)
    timer.start()
    yield
    timer.join()


def whole(session, trials, runs, points):
    """Every trial is one finished run with all of its points."""
    session.drain()
    found = runs()
    assert [run.info.status for run in found] == ["FINISHED"] * len(trials)
    assert {run.data.tags["gridwright.trial_key"] for run in found} == {
        spec.key for spec, _ in trials
    }
    for run in found:
        assert len(points(run, "loss")) == len(trials[0][1].epoch_ms)
    assert not list(session.store.settings.own_spool.glob("*.t*"))


def test_a_full_disk_under_the_spool_loses_nothing(
    tmp_path, settings, small_disk, iris, make_trial, runs, points, caplog
):
    disk, fill = small_disk
    there = replace(settings, spool=disk / "spool", **PATIENT)
    trials = [make_trial(index, epochs=100) for index in range(6)]
    with TrackingSession.open(there) as session:
        ballast = fill()
        with after(1.0, ballast.unlink):
            for trial in trials:
                session.submit(*trial, iris, ("numpy",))
        whole(session, trials, runs, points)
    assert caplog.text.count("waiting for room") == 1
    assert "No space left on device" in caplog.text


def test_a_spool_without_room_for_long_is_one_sentence(settings, small_disk, iris, make_trial):
    disk, fill = small_disk
    there = replace(settings, spool=disk / "spool", patience=0.2, retry_interval=0.1)
    session = TrackingSession.open(there)
    fill()
    with pytest.raises(TrackingError, match=r"spool folder .*No space.*set tracking\.spool"):
        session.submit(*make_trial(epochs=3000), iris, ("numpy",))
    assert spool.pending(there.own_spool) == []


@pytest.mark.parametrize("full", ["mlflow.db", "mlruns"])
def test_a_full_disk_under_the_store_loses_nothing(
    tmp_path, empty_store, small_disk, iris, make_trial, full
):
    from mlflow import MlflowClient

    disk, fill = small_disk
    database = (disk if full == "mlflow.db" else tmp_path) / "mlflow.db"
    copyfile(empty_store, database)
    settings = TrackingSettings.resolve(
        f"sqlite:///{database}",
        str((disk if full == "mlruns" else tmp_path) / "mlruns"),
        "iris",
        "spool",
        tmp_path,
        **PATIENT,
    )
    trials = [make_trial(index, epochs=200) for index in range(4)]
    with TrackingSession.open(settings) as session:
        ballast = fill()
        for trial in trials:
            session.submit(*trial, iris, ("numpy",))
        assert len(spool.pending(settings.own_spool)) >= 3
        with after(1.0, ballast.unlink):
            session.drain()
        assert len(session.interruptions) >= 1
    client = MlflowClient(settings.uri)
    found = client.search_runs([client.get_experiment_by_name("iris").experiment_id])
    assert [run.info.status for run in found] == ["FINISHED"] * 4
    for run in found:
        assert len(client.get_metric_history(run.info.run_id, "val_score")) == 200
        assert len(client.list_artifacts(run.info.run_id, "model")) > 5
    assert spool.pending(settings.own_spool) == []


def test_a_database_that_is_locked_for_long_loses_nothing(
    settings, iris, make_trial, runs, points, caplog
):
    there = replace(settings, **PATIENT)
    trials = [make_trial(index) for index in range(3)]
    with TrackingSession.open(there) as session:
        engine = session.store.client._tracking_client.store.engine

        @sqlalchemy.event.listens_for(engine, "before_cursor_execute", retval=True)
        def impatient(connection, cursor, statement, parameters, context, many):
            # MLflow waits for 20 s by itself.
            return statement.replace("busy_timeout = 20000", "busy_timeout = 100"), parameters

        with closing(
            sqlite3.connect(settings.database, check_same_thread=False, isolation_level=None)
        ) as other:
            other.execute("BEGIN EXCLUSIVE")
            with after(1.0, lambda: other.execute("ROLLBACK")):
                for trial in trials:
                    session.submit(*trial, iris, ("numpy",))
                whole(session, trials, runs, points)
        assert any("locked" in reason for reason in session.interruptions)
        sqlalchemy.event.remove(engine, "before_cursor_execute", impatient)
    assert caplog.text.count("database is locked") == 1
    assert "Traceback" not in caplog.text


def test_a_clock_that_jumps_back_loses_nothing(settings, iris, make_trial, runs, points):
    spec, result = make_trial(epochs=6)
    times = result.epoch_ms.copy()
    times[3:] -= 3_600_000  # an hour, in the middle of the training
    jumped = replace(result, epoch_ms=times, ended_ms=result.started_ms - 3_590_000)
    later, after_it = make_trial(1, epochs=6)
    with TrackingSession.open(settings) as session:
        session.submit(spec, jumped, iris, ("numpy",))
        session.submit(later, after_it, iris, ("numpy",))
        whole(session, [(spec, jumped), (later, after_it)], runs, points)
    (run,) = [run for run in runs() if run.data.tags["gridwright.trial_key"] == spec.key]
    assert sorted(points(run, "loss")) == [
        (step, moment, value)
        for step, moment, value in zip(
            range(1, 7), times.tolist(), result.histories["loss"].tolist(), strict=True
        )
    ]
    # The value that MLflow shows is that of the last epoch, not of the latest moment.
    assert run.data.metrics["loss"] == result.histories["loss"][-1]
    assert np.isfinite(run.data.metrics["loss"])
    with TrackingSession.open(settings) as again:
        assert set(again.finished()) == {spec.key, later.key}
        assert again.recovered == 0
