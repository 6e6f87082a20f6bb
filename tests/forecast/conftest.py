"""Trials of an iris grid, planned as the sweep plans them."""

import itertools

import pytest

from gridwright.preflight import plan_trials

CONFIG = {
    "dataset": {
        "name": "iris",
        "limit": None,
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        "split_seed": 0,
    },
    "resources": {"cpus": 1, "gpus": 0.0, "address": None},
    "rank_by": "validation",
}


def cells(grid, model="numpy-mlp"):
    for values in itertools.product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        seed = chosen.pop("seed", 0)
        yield (
            [f"model.{key}={value}" for key, value in chosen.items()],
            CONFIG | {"model": {"name": model, **chosen}, "seed": seed},
        )


@pytest.fixture
def plan():
    """Return a function that plans the trials of a grid."""
    return lambda **grid: plan_trials(list(cells(grid)))
