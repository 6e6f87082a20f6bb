"""The configuration that the package ships, composed by Hydra."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from gridwright.contract import DataDescription
from keras_cnn import CNN, architecture, network, runtime
from keras_cnn.architecture import Output
from keras_cnn.parameters import check

README = Path(__file__).parents[1] / "README.md"
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


def by_hand(name):
    """Return the layers as the paper's listing or table row has them, in Keras's own words."""
    layers = runtime.keras().layers

    def conv(filters, kernel=3):
        return layers.Conv2D(filters, (kernel, kernel), padding="same", activation="relu")

    def dense(units, activation="relu"):
        return layers.Dense(units, activation=activation)

    def pool():
        return layers.MaxPooling2D((2, 2))

    def drop():
        return layers.Dropout(0.5)

    head = [layers.Flatten(), dense(256), dense(128)]
    pooled = [conv(32), pool(), conv(64), pool(), conv(128), pool(), *head]
    dropped = [conv(32), drop(), pool(), conv(64), pool(), conv(128), pool()]
    dropped += [layers.Flatten(), dense(256), drop(), dense(128)]
    plain = [conv(32), conv(64), conv(128), *head]
    normalised = layers.BatchNormalization()
    hidden = {
        "cifar10_plain": plain,
        "cifar10_plain_normalised": [normalised, *plain],
        "cifar10_pooling": [normalised, *pooled],
        "cifar10_pooling_bare": pooled,
        "cifar10_dropout": [normalised, *dropped],
        "cifar10_dropout_bare": dropped,
        "fashion_mnist_1_conv": [conv(128, 11), layers.Flatten()],
        "fashion_mnist_2_conv": [conv(32), conv(32), layers.Flatten()],
        "fashion_mnist_3_conv": [conv(16), conv(16), conv(16), layers.Flatten()],
        "fashion_mnist_3_conv_dense": [conv(16), conv(16), conv(16), layers.Flatten(), dense(32)],
        "fashion_mnist_8_16_32": [conv(8), conv(16), conv(32), layers.Flatten(), dense(32)],
    }
    return [*hidden[name], dense(10, "softmax")]


def stated_counts():
    """Return the rows of README's table: preset -> (its parameters, what the paper prints)."""
    rows = re.findall(
        r"^\| `(\w+)` \|[^|]*\| ([\d,]+) \| ([\d,]*) ?\|$", README.read_text("utf-8"), re.MULTILINE
    )
    as_number = {name: [text.replace(",", "") for text in counts] for name, *counts in rows}
    return {name: (int(ours), int(paper or 0)) for name, (ours, paper) in as_number.items()}


@pytest.mark.parametrize("name", PRESETS)
def test_each_preset_is_the_network_written_by_hand(name):
    keras = runtime.keras()
    shape = PRESETS[name].sample_shape
    shape = shape if len(shape) == 3 else (*shape, 1)
    written = keras.Sequential([keras.Input(shape), *by_hand(name)])
    ours = built(composed(f"model/architecture={name}")["architecture"], PRESETS[name])
    assert [weight.shape for weight in ours.weights] == [weight.shape for weight in written.weights]
    stated, printed = stated_counts()[name]
    assert ours.count_params() == written.count_params() == stated
    assert printed in {0, stated}


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
