"""How a single run ends: with its metrics, whatever becomes of its model."""

from dataclasses import replace

import pytest

from gridwright.errors import TrackingError, TrialFailed
from gridwright.single_run import run_single


def test_a_finished_trial_is_taken_over_and_promoted(trained_plan, capsys):
    plan, session, _ = trained_plan(0.1)
    run_single(plan, session)
    out = capsys.readouterr().out
    assert out.startswith("This trial is already finished: nothing was run.")
    assert "iris: version 1 is the new champion" in out
    assert "serve:    " in out
    ((_, run),) = session.finished().items()
    held = {entry.path for entry in session.store.client.list_artifacts(run.run_id)}
    assert "preview" not in held, "its preview was written when it ran"


def test_a_model_that_is_refused_does_not_hide_its_metrics(trained_plan, capsys):
    plan, session, _ = trained_plan(
        0.1, spoil=lambda result: replace(result, probe_predictions=result.probe_predictions + 1)
    )
    with pytest.raises(TrackingError, match="does not predict what its trial recorded"):
        run_single(plan, session)
    out = capsys.readouterr().out
    assert "validation_score" in out
    assert "compare:  " in out
    assert "serve:  " not in out


def test_a_trial_that_diverged_says_so(trained_plan, capsys):
    plan, session, _ = trained_plan(1e30)
    with pytest.raises(TrialFailed, match="the trial failed in epoch"):
        run_single(plan, session)
    assert "is marked as failed" in capsys.readouterr().out
