from dataclasses import replace

import pytest

from gridwright.errors import TrackingError
from gridwright.tracking import SweepRecord, TrackingSettings, log_report, read_sweeps

SWEEP = SweepRecord(
    "k", "rates", "gridwright -m experiment=paper/iris model.eta=0.01,0.02", ("iris",), 2,
    "validation", {"gridwright": "0.1.0"},
)  # fmt: skip
TOKEN = "experiment=paper/iris"


def test_a_finished_sweep_is_read_back_with_its_trials(session, iris, make_trial, diverged):
    parent = session.start_sweep(SWEEP)
    trials = [make_trial(0, test_score=0.75), make_trial(1, failure=diverged)]
    for spec, result in trials:
        session.submit(spec, result, iris, ("numpy",), parent)
    session.drain()
    runs = session.runs([spec.key for spec, _ in trials])
    assert read_sweeps(session.store.settings, TOKEN) == []  # it has not ended
    log_report(session.store, parent, SWEEP, runs)
    session.end_sweep("FINISHED")

    (sweep,) = read_sweeps(session.store.settings, TOKEN)
    assert sweep.command == SWEEP.command
    assert sweep.seconds >= 0
    assert sweep.versions["gridwright"] == "0.1.0"
    assert "mlflow" in sweep.versions
    finished, failed = sweep.trials
    assert (finished.config, finished.failed) == (trials[0][0].config, False)
    assert finished.metrics["test_score"] == 0.75
    assert (failed.config["model"]["eta"], failed.failed) == (0.02, True)
    assert read_sweeps(session.store.settings, "experiment=paper/iris_eta") == []


def test_a_sweep_whose_best_model_was_refused_is_read_back_and_a_broken_one_is_not(
    session, iris, make_trial
):
    parent = session.start_sweep(SWEEP)
    spec, result = make_trial(0, test_score=0.75)
    session.submit(spec, result, iris, ("numpy",), parent)
    session.drain()
    session.end_sweep("FAILED")
    assert read_sweeps(session.store.settings, TOKEN) == []  # it broke before its leaderboard
    log_report(session.store, parent, SWEEP, session.runs([spec.key]))
    (sweep,) = read_sweeps(session.store.settings, TOKEN)
    assert [trial.metrics["test_score"] for trial in sweep.trials] == [0.75]


def test_no_store_is_a_sentence(settings, tmp_path):
    elsewhere = replace(settings, uri=f"sqlite:///{tmp_path / 'other.db'}")
    assert isinstance(elsewhere, TrackingSettings)
    with pytest.raises(TrackingError, match="no tracking store"):
        read_sweeps(elsewhere, TOKEN)
    assert not (tmp_path / "other.db").exists()
