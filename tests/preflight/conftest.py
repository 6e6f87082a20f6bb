"""Cells as the sweeper composes them: overrides and a whole configuration."""

import copy

import pytest

CONFIG = {
    "dataset": {
        "name": "iris",
        "limit": None,
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        "split_seed": 0,
    },
    "model": {"name": "numpy-mlp", "hidden_layer": [5], "epoch": 3, "eta": 0.1},
    "resources": {"cpus": 1, "gpus": 0.0, "address": None},
    "tracking": {"uri": "sqlite:///mlflow.db"},
    "seed": 0,
    "rank_by": "validation",
}


@pytest.fixture
def cell():
    """Return a function that makes a cell out of `key=value`s."""

    def make(**values):
        config = copy.deepcopy(CONFIG)
        for key, value in values.items():
            *parents, last = key.split("__")
            node = config
            for name in parents:
                node = node[name]
            node[last] = value
        overrides = [f"{key.replace('__', '.')}={value}" for key, value in values.items()]
        return overrides, config

    return make
