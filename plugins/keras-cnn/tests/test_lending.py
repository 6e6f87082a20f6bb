"""Compiled networks: taken over by the next trial, never by two at a time, and with no trace left."""

import gc

import numpy as np
import pytest

from gridwright.contract import DataDescription
from keras_cnn import feeding, lending
from keras_cnn.plugin import plugin

DATA = DataDescription(
    "d", "classification", 240, (12, 12), "uint8", classes=("circle", "dot", "line")
)
LAYERS = [
    {"layer": "Conv2D", "filters": 2, "kernel_size": 3},
    {"layer": "BatchNormalization"},
    {"layer": "Dropout", "rate": 0.2},
    "Flatten",
]


@pytest.fixture(autouse=True)
def none_kept():
    lending.forget()
    yield
    lending.forget()


def trained(pictures, seed=0, **changes):
    parameters = {"architecture": LAYERS, "epochs": 1, "batch_size": 60} | changes
    model = plugin.build(parameters, "classification", DATA, seed)
    model.fit(*pictures)
    return model


@pytest.mark.parametrize("optimizer", ["adam", "adagrad", {"name": "sgd", "momentum": 0.9}])
def test_a_network_of_another_trial_trains_like_a_new_one(pictures, optimizer):
    expected = trained(pictures, seed=1, optimizer=optimizer).predict_proba(pictures[0])
    lending.forget()
    first = trained(pictures, seed=2, optimizer=optimizer)
    network = first.network
    del first
    again = trained(pictures, seed=1, optimizer=optimizer)
    assert again.network is network
    np.testing.assert_array_equal(again.predict_proba(pictures[0]), expected)


def test_seed_batch_and_rate_share_a_network_and_what_is_traced_does_not(pictures):
    network = trained(pictures).network
    traces = network.train_function
    for changes in ({"seed": 5}, {"batch_size": 32}, {"learning_rate": 0.1}, {"epochs": 2}):
        model = trained(pictures, **changes)
        same = changes == {} or "learning_rate" not in changes
        assert (model.network is network) is same, changes
        del model
    assert network.train_function is traces
    first = trained(pictures, learning_rate=0.1).network
    second = trained(pictures, learning_rate=0.01)
    assert second.network is first
    assert float(second.network.optimizer.learning_rate) == pytest.approx(0.01)
    assert trained(pictures, optimizer="sgd").network is not network
    assert trained(pictures, early_stopping={"patience": 3}).network is network


def test_two_estimators_never_share_a_network(pictures):
    one, other = trained(pictures), trained(pictures)
    assert one.network is not other.network
    np.testing.assert_array_equal(one.predict_proba(pictures[0]), other.predict_proba(pictures[0]))


def test_no_graph_is_traced_again(pictures):
    import tensorflow as tf

    trained(pictures).predict(pictures[0])
    gc.collect()
    graphs = sum(isinstance(each, tf.Graph) for each in gc.get_objects())
    for seed in range(3):
        trained(pictures, seed=seed).predict(pictures[0])
    gc.collect()
    assert sum(isinstance(each, tf.Graph) for each in gc.get_objects()) == graphs


def test_little_is_kept(pictures):
    for units in range(4, 15):
        trained(pictures, architecture=["Flatten", {"layer": "Dense", "units": units}])
    assert len(lending._kept) == 8


def test_data_that_cannot_change_becomes_tensors_once(pictures):
    assert not pictures[0].flags.writeable
    trained(pictures)
    feeds = dict(feeding._feeds)
    trained(pictures, seed=4)
    assert dict(feeding._feeds) == feeds


def test_data_that_can_change_is_read_again(pictures):
    x, y = (part.copy() for part in pictures)
    before = trained((x, y)).predict_proba(pictures[0])
    x[:] = x[::-1].copy()
    after = trained((x, y)).predict_proba(pictures[0])
    assert np.abs(before - after).max() > 1e-6
