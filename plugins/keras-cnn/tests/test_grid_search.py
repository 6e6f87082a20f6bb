"""The paper's search over networks, called as in its section 3.3, with a grid that is quick."""

import json

import pandas as pd
import pytest

from gridwright.errors import ConfigurationError, InvalidTrials
from keras_cnn import CNNGridSearch, layer_entries, runtime


def convolution(filters):
    return {"layer": "Conv2D", "filters": filters, "kernel_size": 3, "activation": "relu"}


def keras_layers():
    return runtime.keras().layers


def test_keras_layers_become_entries_of_a_configuration():
    layers = keras_layers()
    keras_list = [
        layers.Conv2D(8, (3, 3), padding="same", activation="relu", kernel_regularizer="l2"),
        layers.MaxPooling2D((2, 2)),
        layers.BatchNormalization(momentum=0.9),
        layers.RandomRotation(0.1),
        layers.Dropout(0.5),
        layers.Flatten(),
        layers.Dense(10, activation="softmax", kernel_initializer="he_normal"),
    ]
    assert [layer_entries.of_layer(layer) for layer in keras_list] == [
        {
            "layer": "Conv2D",
            "filters": 8,
            "kernel_size": [3, 3],
            "padding": "same",
            "activation": "relu",
            "kernel_regularizer": "l2",
        },
        {"layer": "MaxPooling2D"},
        {"layer": "BatchNormalization", "momentum": 0.9},
        {"layer": "RandomRotation", "factor": 0.1},
        {"layer": "Dropout", "rate": 0.5},
        {"layer": "Flatten"},
        {
            "layer": "Dense",
            "units": 10,
            "activation": "softmax",
            "kernel_initializer": "he_normal",
        },
    ]
    assert layer_entries.of_layer("Flatten") == "Flatten"


def test_an_optimizer_becomes_a_name_and_what_is_not_its_default():
    optimizers = runtime.keras().optimizers
    assert layer_entries.of_optimizer("adam") == "adam"
    assert layer_entries.of_optimizer(optimizers.Adam()) == "adam"
    assert layer_entries.of_optimizer(optimizers.Adam(1e-4)) == {
        "name": "adam",
        "learning_rate": 0.0001,
    }
    assert layer_entries.of_optimizer(optimizers.SGD(momentum=0.9, nesterov=True)) == {
        "name": "sgd",
        "momentum": 0.9,
        "nesterov": True,
    }


def test_what_a_configuration_cannot_name_is_refused():
    keras, layers = runtime.keras(), keras_layers()
    for layer, words in [
        (layers.Lambda(lambda x: x), "the layer Lambda cannot be part of a search"),
        (layers.Conv2D(2, 3, groups=2), "the argument groups of Conv2D"),
        (layers.Dense(2, trainable=False), "the argument trainable of Dense"),
        (layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5)), "arguments of its own"),
    ]:
        with pytest.raises(ConfigurationError, match=words):
            layer_entries.of_layer(layer)
    rate = keras.optimizers.schedules.CosineDecay(0.1, 10)
    with pytest.raises(ConfigurationError, match="a schedule object cannot"):
        layer_entries.of_optimizer(keras.optimizers.Adam(rate))


def test_every_bad_network_is_named_before_the_first_is_trained(pictures, tmp_path):
    architectures = [
        [convolution(4), {**convolution(4), "kernel_size": 11}, "Flatten"],
        [convolution(4), {"layer": "Dense", "units": 3}],
        [convolution(4), "Flatten"],
    ]
    search = CNNGridSearch(architectures, 1, [32], ["adam"], tmp_path / "search.csv")
    with pytest.raises(InvalidTrials) as caught:
        search.run(*pictures, *pictures)
    assert "Conv2D needs a map of at least 11 x 11" in str(caught.value)
    assert "10 x 10 x 4 arrives" in str(caught.value)
    assert "put Flatten or GlobalAveragePooling2D before it" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_papers_search(make_pictures, tmp_path):
    x, y = make_pictures(n=150)
    layers = keras_layers()
    alternatives = [
        [layers.Conv2D(filters, (3, 3), activation="relu"), layers.Flatten()] for filters in (2, 4)
    ]
    file_name = tmp_path / "search.csv"
    search = CNNGridSearch(alternatives, 2, [16, 32], ["adam", "sgd"], file_name)
    found = search.run(x[:100], y[:100], x[100:], y[100:])
    assert len(found) == 8
    assert (found["failure"].fillna("") == "").all()
    assert found["test_score"].is_monotonic_decreasing
    assert all(len(json.loads(history)) == 2 for history in found["history"])
    assert search.best_model().score(x[100:], y[100:]) == found["test_score"].iloc[0]
    assert list(pd.read_csv(file_name)["key"]) == list(found["key"])
