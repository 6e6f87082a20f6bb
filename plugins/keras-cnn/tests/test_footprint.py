import pytest

from gridwright.contract import DataDescription, MeasuredPlugin
from keras_cnn.plugin import plugin

PICTURES = DataDescription("d", "classification", 1000, (28, 28), "uint8", classes=tuple(range(10)))
ARCHITECTURES = {
    "plain": [
        {"layer": "Conv2D", "filters": [8, 16], "kernel_size": 3, "activation": "relu"},
        {"layer": "MaxPooling2D", "pool_size": 2},
        {"layer": "Flatten"},
        {"layer": "Dense", "units": 32, "activation": "relu"},
    ],
    "normalised": [
        {"layer": "Conv2D", "filters": 4, "kernel_size": [5, 3], "use_bias": False},
        "BatchNormalization",
        "GlobalAveragePooling2D",
    ],
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_it_counts_as_keras_does(name):
    parameters = {"architecture": ARCHITECTURES[name], "epochs": 3, "batch_size": 64}
    assert isinstance(plugin, MeasuredPlugin)
    footprint = plugin.footprint(parameters, PICTURES)
    model = plugin.build(parameters, "classification", PICTURES, 0)
    import numpy as np

    model.fit(np.zeros((20, 28, 28), np.uint8), np.arange(20) % 10)
    assert footprint.parameters == model.network.count_params()
    assert footprint.epochs == 3


def test_memory_grows_with_the_batch():
    small, large = (
        plugin.footprint(
            {"architecture": ARCHITECTURES["plain"], "epochs": 3, "batch_size": size}, PICTURES
        ).memory
        for size in (64, 512)
    )
    assert large > 4 * small


def test_products_are_those_of_one_sample_on_its_way():
    layers = [{"layer": "Conv2D", "filters": 4, "kernel_size": 3}, "MaxPooling2D", "Flatten"]
    footprint = plugin.footprint({"architecture": layers, "epochs": 3}, PICTURES)
    convolution = (3 * 3 * 1 + 1) * 4 * 26 * 26
    assert footprint.products == convolution + 13 * 13 * 4 * 10
