"""A run is repeated from what MLflow holds, and every number is compared."""

from dataclasses import replace

import pytest

from gridwright import repetition
from gridwright.plugins import load_model_plugin
from gridwright.preflight import plan_trials
from gridwright.repetition import NotReproduced, repeat
from gridwright.tracking import FinishedRun, Provenance, RecordedRun
from gridwright.trial import run_trial

CODE = Provenance(commit="abc", dirty=False)
CONFIG = {
    "dataset": {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0},
    "model": {"name": "numpy-mlp", "hidden_layer": [5], "epoch": 4},
    "resources": {"cpus": 1}, "seed": 3, "rank_by": "validation",
}  # fmt: skip


def recorded(**parameters):
    config = {**CONFIG, "model": {**CONFIG["model"], **parameters}}
    plan = plan_trials([([], config)])
    (spec,) = plan.specs
    result = run_trial(spec, plan.data[spec.dataset_key], load_model_plugin("numpy-mlp"))
    run = FinishedRun(
        "r" * 32, spec.key, "FINISHED", result.metrics, {}, "iris", spec.dataset_key,
        spec.data_digest, "numpy-mlp", "validation", failure=result.failure,
    )  # fmt: skip
    histories = {
        name: dict(enumerate(values.tolist(), start=1)) for name, values in result.histories.items()
    }
    return RecordedRun(run, config, "", histories, spec.plugin_version, {}, "abc", dirty=False)


@pytest.fixture(scope="module")
def run():
    return recorded()


def test_the_same_numbers_are_the_same_run(run):
    text = repeat(run, CODE)
    assert text.endswith("is reproduced exactly: all of its 23 numbers are the same.")
    assert len(run.histories) == 4


def test_a_failure_is_repeated_too():
    assert "reproduced exactly" in repeat(recorded(eta=1e30), CODE)


def test_what_differs_is_named_with_what_may_be_the_reason(run):
    histories = {**run.histories, "loss": {**run.histories["loss"], 2: 0.5, 3: 0.5}}
    other = replace(
        run,
        run=replace(run.run, metrics={**run.run.metrics, "test_score": 0.5}, data_digest="d"),
        histories=histories,
        requirements={"numpy": "0.1", "no-such-package": "1.0"},
        plugin_version="0.0.1",
        commit="def",
    )
    with pytest.raises(NotReproduced) as error:
        repeat(other, CODE)
    text = str(error.value)
    assert error.value.exit_code == 1
    assert "2 numbers differ" in text
    assert "test_score: recorded 0.5, now " in text
    assert "loss in epoch 2: recorded 0.5, now " in text
    assert "the data: SHA-256 d then, " in text
    assert "numpy: 0.1 then, " in text
    assert "no-such-package: 1.0 then, not installed now" in text
    assert "numpy-mlp: 0.0.1 then, " in text
    assert "git commit: def then, abc now" in text


def test_differences_without_an_effect_are_said(run):
    text = repeat(replace(run, dirty=True), CODE)
    assert "reproduced exactly" in text
    assert "git commit abc with changes that were not committed" in text


def test_another_outcome_is_a_difference(run, monkeypatch):
    from gridwright.contract import Failure

    failed = Failure("diverged", "the loss is inf", 3)
    with pytest.raises(
        NotReproduced, match=r"failed in epoch 3 \(the loss is inf\), and now it fin"
    ):
        repeat(replace(run, run=replace(run.run, failure=failed)), CODE)


def test_time_is_not_compared(run):
    slower = replace(run, run=replace(run.run, metrics={**run.run.metrics, "fit_seconds": 99.0}))
    assert "reproduced exactly" in repeat(slower, CODE)
    assert "fit_seconds" in repetition._NOT_COMPARED
