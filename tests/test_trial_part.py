"""A trial in parts leaves what it leaves as a whole; with another's state, it says so."""

from dataclasses import replace

import numpy as np
import pytest

from gridwright.checkpoints import Checkpoints, Progress
from gridwright.contract import Exploit, TrialSpec
from gridwright.datasets import load, split
from gridwright.plugins import load_model_plugin
from gridwright.trial import run_trial
from gridwright.trial_part import Part, run_part

IRIS = {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}
SPEC = TrialSpec(
    key="mine", index=0, model="numpy-mlp",
    parameters={"hidden_layer": [6], "epoch": 9, "eta": 0.1, "batch_size": 16},
    config={"resources": {"cpus": 1}}, overrides=("model.eta=0.1",), dataset="iris",
    dataset_key="iris", data_digest="", plugin_version="", seed=1, rank_by="validation", command="",
)  # fmt: skip


def changed(key, **parameters):
    return replace(SPEC, key=key, parameters={**SPEC.parameters, **parameters})


@pytest.fixture
def train(tmp_path):
    data = split(load(IRIS), IRIS, "validation")
    checkpoints = Checkpoints(tmp_path / "checkpoints", 30.0)
    plugin = load_model_plugin("numpy-mlp")

    def run(spec, begin, end, source=None, exploits=(), **options):
        part = Part(begin, end, source or spec.key, tuple(exploits))
        return run_part(spec, data, plugin, part=part, checkpoints=checkpoints, **options)

    run.whole = lambda spec: run_trial(spec, data, plugin)
    run.folder = checkpoints.folder
    return run


def test_three_parts_are_the_whole_trial(train):
    first, second = train(SPEC, 0, 3), train(SPEC, 3, 6)
    assert isinstance(first, Progress)
    assert (len(first.records), len(second.records)) == (3, 6)
    result, whole = train(SPEC, 6, None), train.whole(SPEC)
    for name, history in whole.histories.items():
        np.testing.assert_array_equal(result.histories[name], history)
    assert result.metrics["validation_score"] == whole.metrics["validation_score"]
    assert result.metrics["exploits"] == 0.0
    assert "resumed_epoch" not in result.metrics
    assert result.started_ms == first.started_ms
    assert (np.diff(result.epoch_ms) >= 0).all()
    assert sorted(path.name for path in (train.folder / "mine").iterdir()) == ["3", "6"]


def test_a_trial_goes_on_with_the_state_and_parameters_of_another(train):
    bad, good = changed("bad", eta=1e-6), changed("good", eta=0.2)
    train(bad, 0, 3)
    train(good, 0, 3)
    exploit = Exploit(3, "good", ("model.eta=0.2",), ("model.eta=1e-06",), ("model.eta=0.2",))
    result = train(replace(good, key="bad"), 3, None, "good", [exploit])
    kept = train(good, 3, None)
    # What it measured itself, and then what the other would have.
    np.testing.assert_array_equal(result.histories["loss"][3:], kept.histories["loss"][3:])
    own = train.whole(bad).histories["loss"][:3]
    np.testing.assert_array_equal(result.histories["loss"][:3], own)
    assert len(result.epoch_ms) == 9
    assert (result.exploits, result.metrics["exploits"]) == ((exploit,), 1.0)


def test_a_state_that_is_gone_is_a_failure_with_a_way_out(train):
    train(SPEC, 0, 3)
    result = train(SPEC, 3, None, "another")
    assert result.failure.kind == "error"
    assert "the state of trial another after epoch 3 cannot be read" in result.failure.reason
    assert f"remove {train.folder}, and the population begins anew" in result.failure.reason


def test_a_training_that_diverges_or_is_stopped_ends_within_its_part(train):
    diverged = train(changed("high", eta=1e30), 0, 3)
    assert diverged.failure.kind == "diverged"
    stopped = train(SPEC, 0, 5, on_epoch=lambda record: record.epoch == 2)
    assert (len(stopped.epoch_ms), stopped.failure) == (2, None)
    assert stopped.files
