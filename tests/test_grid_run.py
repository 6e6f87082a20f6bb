"""How a grid ends: everything is recorded and shown before an error ends the command."""

from dataclasses import replace
from pathlib import Path

import pytest

from gridwright.errors import TrackingError, TrialFailed
from gridwright.experiment import Experiment
from gridwright.grid_run import GridRun


def spoilt(result):
    """A plugin whose `load` does not restore what its `save` writes."""
    return replace(result, probe_predictions=result.probe_predictions + 0.01)


def conclude(plan, session, config):
    """Run a grid whose trials are all finished already: it needs no cluster."""
    GridRun("gridwright -m", config, plan, session, Experiment.of(config)).run(None)


def parent_of(session):
    (parent,) = session.store.runs("iris", "tags.`gridwright.sweep_key` != ''")
    return parent


def test_a_refused_champion_takes_nothing_from_the_report(trained_plan, capsys, tmp_path):
    plan, session, config = trained_plan(0.1, 0.2, spoil=spoilt)
    with pytest.raises(TrackingError, match="does not predict what its trial recorded"):
        conclude(plan, session, config)
    out = capsys.readouterr().out
    assert out.count("\n rank ") == 1
    assert "compare:  " in out
    assert "serve:  " not in out
    parent = parent_of(session)
    assert parent.info.status == "FAILED"
    assert "does not predict what its trial recorded" in parent.data.tags["mlflow.note.content"]
    page = session.store.client.download_artifacts(parent.info.run_id, "report.html", str(tmp_path))
    assert "does not predict what its trial recorded" in Path(page).read_text("utf-8")
    assert session.store.client.search_registered_models() == []


def test_a_model_that_its_plugin_cannot_load_takes_nothing_either(
    trained_plan, capsys, monkeypatch
):
    from gridwright.plugins import load_model_plugin

    plan, session, config = trained_plan(0.1)

    def load(folder):
        raise KeyError("weights")

    monkeypatch.setattr(load_model_plugin("numpy-mlp"), "load", load)
    with pytest.raises(TrackingError, match=r"asked as a server would.*KeyError: 'weights'"):
        conclude(plan, session, config)
    assert "\n rank " in capsys.readouterr().out
    note = parent_of(session).data.tags["mlflow.note.content"]
    assert "KeyError: 'weights'" in note


def test_a_failed_trial_is_an_error_for_who_asks_after_the_report(trained_plan, capsys):
    plan, session, config = trained_plan(0.1, 1e30)
    with pytest.raises(TrialFailed, match=r"1 of 2 trials failed \(strict=true\)"):
        conclude(plan, session, config | {"strict": True})
    assert "iris: version 1 is the new champion" in capsys.readouterr().out
    assert parent_of(session).info.status == "FINISHED"


def test_the_summary_says_what_the_store_refused_for_a_while(trained_plan, capsys):
    plan, session, config = trained_plan(0.1)
    session.interruptions["the database is locked"] = 12.4
    conclude(plan, session, config)
    assert (
        "The store could not be used for a while; finished trials waited, and all are written:\n"
        "  12 s: the database is locked\n"
    ) in capsys.readouterr().out
