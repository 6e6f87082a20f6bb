import numpy as np
import pytest

from gridwright.contract import DataDescription, MeasuredPlugin
from numpy_mlp import MLPClassifier
from numpy_mlp.plugin import plugin

DATA = DataDescription("d", "classification", 60, (8,), "float64", classes=(0, 1, 2))
PARAMETERS = {"hidden_layer": [16, 4], "epoch": 7, "batch_size": 20, "optimizer": "Adam"}


def test_it_counts_what_is_trained():
    assert isinstance(plugin, MeasuredPlugin)
    footprint = plugin.footprint(PARAMETERS, DATA)
    x = np.random.default_rng(0).normal(size=(60, 8))
    model = MLPClassifier(**PARAMETERS, random_state=0).fit(x, np.arange(60) % 3)
    assert footprint.parameters == model.network_.parameters.size
    assert footprint.epochs == 7


def test_memory_grows_with_network_batch_optimizer_and_precision():
    base = plugin.footprint(PARAMETERS, DATA).memory
    for larger in (
        {"hidden_layer": [160, 4]},
        {"batch_size": None},
        {"optimizer": "LBFGS"},
        {"dtype": "float64"},
    ):
        assert plugin.footprint(PARAMETERS | larger, DATA).memory > base
    assert plugin.footprint(PARAMETERS | {"dtype": "float64"}, DATA).memory == 2 * base


def test_a_huge_layer_is_said_to_be_huge():
    huge = plugin.footprint(PARAMETERS | {"hidden_layer": [100_000, 100_000]}, DATA)
    assert huge.memory == pytest.approx(4 * 4e10, rel=0.01)
