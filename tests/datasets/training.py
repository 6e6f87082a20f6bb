"""Trains one trial on each named set, here and in a process without a network."""

import sys

from gridwright.contract import TrialSpec
from gridwright.datasets import load, split
from gridwright.plugins import load_model_plugin
from gridwright.trial import run_trial

CONFIGS = {
    name: {"name": name, "test_fraction": 0.2, "validation_fraction": 0.2}
    for name in ("iris", "diabetes", "california_housing")
} | {
    name: {"name": name, "validation_fraction": 0.2}
    for name in ("statlog", "mnist", "fashion_mnist", "cifar10")
}


def score_of(name):
    """Return the test score of a small network that was trained for two epochs."""
    config = CONFIGS[name]
    data = split(load(config), config, "validation")
    spec = TrialSpec(
        key="key", index=0, model="numpy-mlp", parameters={"hidden_layer": [8], "epoch": 2},
        config={}, overrides=(), dataset=name, dataset_key=name, data_digest=data.digest,
        plugin_version="", seed=0, rank_by="validation", command="",
    )  # fmt: skip
    result = run_trial(spec, data, load_model_plugin("numpy-mlp"))
    assert result.failure is None, result.failure
    assert len(result.histories["loss"]) == 2
    assert result.files
    return result.metrics["test_score"]


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(each, score_of(each))
