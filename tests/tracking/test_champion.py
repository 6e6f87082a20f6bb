"""The alias moves to the best run, and only once its loaded copy has proved itself."""

import math
from dataclasses import replace

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from gridwright.errors import TrackingError
from gridwright.plugins import load_model_plugin
from gridwright.tracking import TrackingSession, promote
from gridwright.trial import run_trial


@pytest.fixture(scope="module")
def trained(iris):
    """The files, probes and predictions of one real model."""
    from gridwright.contract import TrialSpec

    plugin = load_model_plugin("numpy-mlp")
    parameters = {"hidden_layer": [5], "epoch": 5}
    spec = TrialSpec(
        "0" * 64, 0, "numpy-mlp", parameters, {"model": parameters}, (), "iris", "iris-0",
        iris.digest, plugin.version, 0, "validation", "",
    )  # fmt: skip
    return run_trial(spec, iris, plugin)


@pytest.fixture
def write(settings, iris, make_trial, trained):
    """Return a function that writes runs of the real model with made-up scores."""
    requirements = load_model_plugin("numpy-mlp").requirements

    def write(*scores, digest=None, spoil=False):
        with TrackingSession.open(settings) as session:
            specs = []
            for score, loss in scores:
                spec, result = make_trial(
                    parameters={"score": score, "loss": loss, "spoil": spoil},
                    validation_score=score,
                    validation_loss=loss,
                )
                predictions = trained.probe_predictions + (0.01 if spoil else 0)
                spec = replace(spec, data_digest=digest or spec.data_digest)
                result = replace(
                    result,
                    files=trained.files,
                    probe_rows=trained.probe_rows,
                    probe_predictions=predictions,
                )
                session.submit(spec, result, iris, requirements)
                specs.append(spec)
            session.drain()
            return session.store, session.runs([spec.key for spec in specs])

    return write


def champion(settings, alias="champion"):
    return MlflowClient(settings.uri).get_model_version_by_alias("iris", alias)


def elect(store, runs, **how):
    return promote(store, runs, model_name="iris", rank_by="validation", **how)


def test_the_best_score_then_the_lower_loss_wins(settings, write):
    store, runs = write((0.8, 0.1), (0.9, 0.5), (0.9, 0.4), (0.9, math.nan))
    outcome = elect(store, runs, sweep_run_id="s")
    version = champion(settings)
    assert outcome.moved
    assert outcome.run_id == version.run_id == runs[2].run_id
    assert version.source == f"runs:/{runs[2].run_id}/model"
    assert version.tags["gridwright.validation_score"] == "0.9"
    assert version.tags["gridwright.sweep"] == "s"


def test_a_champion_that_is_as_good_stays(settings, write):
    store, runs = write((0.9, 0.4))
    elect(store, runs)
    store, equal = write((0.9, 0.40), (0.7, 0.1))
    outcome = elect(store, [run for run in equal if run.run_id != runs[0].run_id])
    assert not outcome.moved
    assert "version 1 stays the champion" in outcome.sentence
    assert champion(settings).run_id == runs[0].run_id
    challenger = champion(settings, "challenger")
    assert challenger.run_id == outcome.run_id != runs[0].run_id
    assert f"version {challenger.version} is the challenger" in outcome.sentence


def test_a_challenger_that_wins_is_no_challenger_any_more(settings, write):
    store, runs = write((0.9, 0.4))
    elect(store, runs)
    store, weaker = write((0.8, 0.4))
    elect(store, weaker)
    assert champion(settings, "challenger").run_id == weaker[0].run_id
    assert elect(store, weaker, mode="force").moved
    with pytest.raises(MlflowException, match="challenger"):
        champion(settings, "challenger")


def test_a_version_says_where_it_comes_from(settings, write):
    store, runs = write((0.9, 0.4))
    elect(store, runs, sweep_run_id="s" * 32)
    version = champion(settings)
    expected = {
        "run": runs[0].run_id, "sweep": "s" * 32, "data_digest": runs[0].data_digest,
        "dataset": "iris", "validation_score": "0.9", "test_score": "0.8",
    }  # fmt: skip
    assert expected == {name: version.tags[f"gridwright.{name}"] for name in expected}
    for part in (runs[0].run_id, "s" * 32, runs[0].data_digest, "validation_score 0.9000"):
        assert part in version.description


def test_a_promotion_by_somebody_else_meanwhile_is_seen(settings, write, monkeypatch):
    """While a copy is checked, another process makes a better run the champion."""
    from gridwright.tracking import champion as module

    store, runs = write((0.9, 0.4), (0.95, 0.4))
    check = module.check_copy

    def slow(store, run):
        check(store, run)
        if run.run_id == runs[0].run_id:
            elect(store, [runs[1]])

    monkeypatch.setattr(module, "check_copy", slow)
    assert not elect(store, [runs[0]]).moved
    assert champion(settings).run_id == runs[1].run_id


def test_a_better_run_becomes_champion_and_none_is_registered_twice(settings, write):
    store, runs = write((0.9, 0.4))
    elect(store, runs)
    store, better = write((0.95, 0.4))
    assert elect(store, better).moved
    assert "already" in elect(store, better).sentence
    assert champion(settings).run_id == better[0].run_id
    assert elect(store, runs, mode="force").version == "1"
    assert champion(settings).run_id == runs[0].run_id
    assert len(MlflowClient(settings.uri).search_model_versions("name = 'iris'")) == 2


def test_a_run_on_other_data_becomes_challenger(settings, write):
    store, runs = write((0.9, 0.4))
    elect(store, runs)
    store, other = write((0.95, 0.4), digest="f" * 64)
    outcome = elect(store, other)
    assert not outcome.moved
    assert "promote=force" in outcome.sentence
    assert champion(settings).run_id == runs[0].run_id
    assert champion(settings, "challenger").run_id == other[0].run_id
    assert elect(store, other, mode="force").moved
    assert champion(settings).run_id == other[0].run_id


def test_a_copy_that_predicts_something_else_is_refused(settings, write):
    store, runs = write((0.9, 0.4))
    elect(store, runs)
    store, spoilt = write((0.95, 0.4), spoil=True)
    refusal = r"does not predict what its trial recorded \(the largest difference is [\d.e-]+\)"
    with pytest.raises(TrackingError, match=refusal):
        elect(store, spoilt)
    assert champion(settings).run_id == runs[0].run_id


def test_an_altered_copy_is_refused(settings, write, tmp_path):
    store, runs = write((0.9, 0.4))
    files = tmp_path / "mlruns/iris" / runs[0].run_id / "artifacts/model/data/gridwright/files"
    victim = max(files.iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    with pytest.raises(TrackingError, match=f"{victim.name} .* was altered"):
        elect(store, runs)


def test_nothing_is_registered_without_need(settings, write):
    store, runs = write((0.9, 0.4))
    assert elect(store, runs, mode="never").version is None
    assert elect(store, []).run_id is None
    assert MlflowClient(settings.uri).search_registered_models() == []
