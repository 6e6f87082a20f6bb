"""Reading a run back: its configuration, its numbers, and what it ran with."""

import pytest

from gridwright.errors import TrackingError
from gridwright.tracking import RecordedRun, SweepRecord, TrackingSettings

SWEEP = SweepRecord("k", "s", "gridwright -m seed=1,2", ("iris",), 1, "validation", {})


def test_what_was_written_is_read(session, settings, iris, make_trial):
    spec, result = make_trial(epochs=3)
    session.submit(spec, result, iris, ("numpy==9.9", "scipy"))
    session.drain()
    run_id = session.finished()[spec.key].run_id
    read = RecordedRun.read(settings, run_id)
    assert read.config == spec.config
    assert read.command == spec.command
    assert read.histories["loss"] == dict(enumerate(result.histories["loss"].tolist(), start=1))
    assert {name: read.run.metrics[name] for name in result.metrics} == result.metrics
    assert read.requirements["numpy"] == "9.9"
    assert "scipy" not in read.requirements
    assert (read.plugin_version, read.run.data_digest) == ("0.1.0", iris.digest)


def test_a_failed_run_is_read(session, settings, iris, make_trial, diverged):
    spec, result = make_trial(failure=diverged)
    session.submit(spec, result, iris, ())
    session.drain()
    read = RecordedRun.read(settings, session.finished()[spec.key].run_id)
    assert read.run.failure == diverged
    assert read.requirements == {}


def test_what_is_no_trial_is_refused(session, settings, tmp_path):
    parent = session.start_sweep(SWEEP)
    with pytest.raises(TrackingError, match=r"is not a trial: .* gridwright -m seed=1,2"):
        RecordedRun.read(settings, parent)
    with pytest.raises(TrackingError, match="cannot read run nothing"):
        RecordedRun.read(settings, "nothing")
    elsewhere = TrackingSettings.resolve("sqlite:///mlflow.db", None, "", "s", tmp_path / "other")
    with pytest.raises(TrackingError, match="there is no tracking store at"):
        RecordedRun.read(elsewhere, "nothing")
    assert not (tmp_path / "other").exists()
