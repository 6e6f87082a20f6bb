"""The configuration that the package ships, composed by Hydra."""

from dataclasses import replace

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from gridwright.contract import DataDescription
from keras_cnn import CNN, architecture, network, runtime
from keras_cnn.architecture import Output
from keras_cnn.parameters import check

CIFAR10 = DataDescription(
    "cifar10", "classification", 40_000, (32, 32, 3), "uint8", classes=tuple(range(10))
)
PRESETS = {
    "cifar10_plain": CIFAR10,
    "cifar10_pooling": CIFAR10,
    "cifar10_dropout": CIFAR10,
    "cifar10_plain_normalised": CIFAR10,
    "cifar10_pooling_bare": CIFAR10,
    "cifar10_dropout_bare": CIFAR10,
    **{
        f"fashion_mnist_{name}": replace(CIFAR10, sample_shape=(28, 28))
        for name in ("1_conv", "2_conv", "3_conv", "3_conv_dense", "8_16_32")
    },
}


def composed(*overrides):
    with initialize_config_module("keras_cnn.conf", version_base="1.3"):
        config = compose(overrides=["+model=keras-cnn", *overrides])
    parameters = OmegaConf.to_container(config.model)
    assert parameters.pop("name") == "keras-cnn"
    return parameters


def built(entries, data):
    layers, problems = architecture.read(entries)
    assert not problems
    return network.build(layers, Output.of(data), data.sample_shape, {})


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_fits_its_data(name):
    parameters = composed(f"model/architecture={name}")
    assert check(parameters, PRESETS[name]) == []
    assert built(parameters["architecture"], PRESETS[name]).output_shape == (None, 10)


@pytest.mark.parametrize(
    ("name", "printed"), [("cifar10_plain_normalised", 33_682_134), ("cifar10_pooling", 651_990)]
)
def test_the_networks_have_as_many_parameters_as_the_paper_prints(name, printed):
    entries = composed(f"model/architecture={name}")["architecture"]
    assert built(entries, CIFAR10).count_params() == printed


def test_the_pooling_preset_is_the_listing_written_by_hand():
    layers = runtime.keras().layers
    same = {"padding": "same", "activation": "relu"}
    by_hand = runtime.keras().Sequential(
        [
            runtime.keras().Input((32, 32, 3)),
            layers.BatchNormalization(),
            layers.Conv2D(32, (3, 3), **same),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), **same),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(128, (3, 3), **same),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    ours = built(composed("model/architecture=cifar10_pooling")["architecture"], CIFAR10)
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in by_hand.weights]


@pytest.mark.parametrize("filters", ["8", "[8,16]"])
def test_every_number_of_an_architecture_can_be_swept(filters):
    parameters = composed(f"model.architecture.0.filters={filters}", "model.learning_rate=1e-3")
    data = replace(CIFAR10, sample_shape=(28, 28))
    assert check(parameters, data) == []
    convolutions = [
        layer.filters
        for layer in built(parameters["architecture"], data).layers
        if type(layer).__name__ == "Conv2D"
    ]
    assert convolutions == [int(number) for number in filters.strip("[]").split(",")]
    assert CNN(**parameters).learning_rate == 1e-3
