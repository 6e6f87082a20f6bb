"""Trials trained together leave what each would have left alone."""

from dataclasses import replace

import numpy as np
import pytest

from gridwright.contract import TrialSpec
from gridwright.datasets import load, split
from gridwright.errors import PluginError
from gridwright.plugins import load_model_plugin
from gridwright.trial import run_trial
from gridwright.trial_batch import TRAINED_TOGETHER, batch_key, run_trial_batch

IRIS = {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}


@pytest.fixture(scope="module")
def data():
    return split(load(IRIS), IRIS, "validation")


def spec(key, **parameters):
    return TrialSpec(
        key=key, index=0, model="numpy-mlp",
        parameters={"hidden_layer": [6], "epoch": 8} | parameters,
        config={"resources": {"cpus": 1}}, overrides=(), dataset="iris", dataset_key="iris",
        data_digest="", plugin_version="", seed=1, rank_by="validation", command="",
    )  # fmt: skip


@pytest.fixture
def plugin():
    return load_model_plugin("numpy-mlp")


def test_results_are_those_of_single_trials(data, plugin):
    specs = [spec("a", eta=0.1), spec("b", eta=1e30), spec("c", eta=0.01)]
    together = run_trial_batch(specs, data, plugin)
    assert [result.key for result in together] == ["a", "b", "c"]
    for one, result in zip(specs, together, strict=True):
        alone = run_trial(one, data, plugin)
        assert result.metrics[TRAINED_TOGETHER] == 3.0
        assert result.metrics["fit_seconds"] > 0
        left_out = {TRAINED_TOGETHER, "fit_seconds"}
        assert result.metrics.keys() - left_out == alone.metrics.keys() - left_out
        for name in alone.metrics.keys() - left_out:
            assert result.metrics[name] == pytest.approx(alone.metrics[name], abs=1e-5)
        assert result.failure == alone.failure
        assert (result.failure is not None) == (one.key == "b")
        assert result.files.keys() == alone.files.keys()
        for name, history in alone.histories.items():
            np.testing.assert_allclose(result.histories[name], history, rtol=1e-5, atol=1e-5)
        if result.failure is None:
            np.testing.assert_allclose(
                result.probe_predictions, alone.probe_predictions, rtol=1e-5, atol=1e-5
            )
            assert len(result.epoch_ms) == 8


def test_what_cannot_be_built_fails_alone(data, plugin):
    good, bad = spec("a"), spec("b", nonsense=1)
    results = run_trial_batch([bad, good], data, plugin)
    assert [result.failure is None for result in results] == [False, True]
    assert "nonsense" in results[0].failure.reason


def test_some_trials_run_alone(data, plugin):
    one = spec("a")
    assert batch_key(one, data, plugin).startswith("numpy-mlp iris ")
    for resources in ({"timeout": 5.0}, {"batch": False}):
        assert batch_key(replace(one, config={"resources": resources}), data, plugin) is None
    assert batch_key(spec("a", patience=2), data, plugin) is None
    assert batch_key(one, data, object()) is None
    folded = {**IRIS, "folds": 3}
    assert batch_key(one, split(load(folded), folded, "validation"), plugin) is None


def test_a_plugin_that_forgets_one_is_named(data, plugin, monkeypatch):
    monkeypatch.setattr(plugin, "fit_batch", lambda *given: [None])
    with pytest.raises(PluginError, match="fit_batch returned 1 outcomes for 2 estimators"):
        run_trial_batch([spec("a"), spec("b")], data, plugin)
