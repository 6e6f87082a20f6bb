import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from gridwright.errors import TrackingError
from gridwright.tracking import PastTrial, TrackingSession, past_trials, spool


def snapshot(folder):
    # The index of the write-ahead log holds the marks of its readers.
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".db-shm")
    return {path: path.read_bytes() for path in files}


def test_no_store_holds_nothing_and_none_is_made(settings, tmp_path):
    settings.database.unlink()
    assert past_trials(settings) == []
    assert list(tmp_path.iterdir()) == []


def test_the_finished_and_the_diverged_as_a_session_sees_them(
    settings, session, make_trial, diverged, iris, tmp_path
):
    from gridwright.contract import Failure

    for index, failure in enumerate([None, diverged, Failure("error", "it broke")]):
        spec, result = make_trial(index, failure=failure, fit_seconds=0.5, epochs_run=5.0)
        session.submit(spec, result, iris, ())
    session.drain()
    before = snapshot(tmp_path)
    seen = {trial.key: trial for trial in past_trials(settings)}
    assert snapshot(tmp_path) == before
    expected = session.finished()
    assert set(seen) == set(expected)
    assert len(seen) == 2
    for key, run in expected.items():
        past = PastTrial.of(run)
        wanted = {"fit_seconds", "epochs_run"}
        metrics = {name: past.metrics[name] for name in wanted if name in past.metrics}
        assert seen[key] == replace(past, metrics=metrics)


def test_trials_that_wait_in_the_spool_count(settings, session, make_trial, iris):
    spec, result = make_trial()
    session._writer.put = lambda file, trial: None  # a writer that never comes to it
    session.submit(spec, result, iris, ())
    assert [trial.key for trial in past_trials(settings)] == [spec.key]
    for file in spool.pending(settings.own_spool):
        file.unlink()


def test_a_file_that_is_no_store_is_named(settings):
    settings.database.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(TrackingError, match=r"cannot read the tracking store at .*mlflow\.db"):
        past_trials(settings)


def test_a_store_without_tables_is_named(settings):
    settings.database.unlink()
    with closing(sqlite3.connect(settings.database)) as connection:
        connection.execute("create table other (x)")
    with pytest.raises(TrackingError, match="no such table"):
        past_trials(settings)


def test_a_sweep_anew_counts_its_own_trials_only(settings, make_trial, iris):
    from gridwright.tracking import SweepRecord

    sweep = SweepRecord("k", "a sweep", "gridwright", ("iris",), 1, "validation", anew=True)
    spec, result = make_trial()
    with TrackingSession.open(settings) as session:
        session.submit(spec, result, iris, ())
        session.drain()
        first = session.start_sweep(sweep)
        assert session.finished() == {}
        later = replace(result, started_ms=result.started_ms + 1000)
        session.submit(spec, later, iris, (), first)
        session.drain()
        session.end_sweep("KILLED")
    with TrackingSession.open(settings) as session:
        assert session.start_sweep(sweep) == first, "an interrupted one goes on"
        assert [run.parent_run_id for run in session.finished().values()] == [first]
        session.end_sweep("FINISHED")
    with TrackingSession.open(settings) as session:
        assert session.finished()[spec.key].parent_run_id == first, "the newest of two"
        assert session.start_sweep(sweep) != first, "a finished one is left alone"
        assert session.finished() == {}
