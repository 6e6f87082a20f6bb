"""Every shape rule against Keras's own."""

from itertools import product

import pytest

from keras_cnn import runtime
from keras_cnn.layers import LAYERS
from keras_cnn.shapes import ShapeMismatch

CONVOLUTIONS = [
    {"filters": 5, "kernel_size": kernel, "padding": padding, "strides": strides}
    for kernel, padding, strides in product([1, 3, [2, 5], 7], ["valid", "same"], [1, 2, [3, 1]])
] + [
    {"filters": 2, "kernel_size": kernel, "padding": padding, "dilation_rate": dilation}
    for kernel, padding, dilation in product([1, 2, 3], ["valid", "same"], [2, [1, 3]])
]
POOLINGS = [
    {"pool_size": window, "padding": padding, "strides": strides}
    for window, padding, strides in product(
        [1, 2, [3, 2], 7], ["valid", "same"], [None, 1, 2, [1, 3]]
    )
]
MAPS = [(7, 7, 1), (8, 9, 3), (28, 28, 1), (7, 12, 2)]


def keras_shape(name, arguments, shape):
    arguments = {
        key: tuple(value) if isinstance(value, list) else value for key, value in arguments.items()
    }
    layer = getattr(runtime.keras().layers, name)(**arguments)
    return tuple(layer.compute_output_shape((None, *shape))[1:])


def one_axis(arguments):
    return {
        name: value[0] if isinstance(value, list) else value for name, value in arguments.items()
    }


def cases(name, arguments):
    """Yield arguments and the shape of a sample, with as many axes as the layer slides along."""
    for some, shape in product(arguments, MAPS):
        yield (one_axis(some), shape[1:]) if name.endswith("1D") else (some, shape)


@pytest.mark.parametrize("name", ["Conv2D", "Conv1D"])
def test_convolutions(name):
    for arguments, shape in cases(name, CONVOLUTIONS):
        expected = keras_shape(name, arguments, shape)
        assert LAYERS[name].output_shape(arguments, shape) == expected, (arguments, shape)


@pytest.mark.parametrize(
    "name", ["MaxPooling2D", "AveragePooling2D", "MaxPooling1D", "AveragePooling1D"]
)
def test_poolings(name):
    for arguments, shape in cases(name, POOLINGS):
        expected = keras_shape(name, arguments, shape)
        assert LAYERS[name].output_shape(arguments, shape) == expected, (arguments, shape)


OTHERS = {
    "Activation": {"activation": "relu"},
    "BatchNormalization": {},
    "Dense": {"units": 6},
    "Dropout": {"rate": 0.5},
    "Flatten": {},
    "GlobalAveragePooling1D": {},
    "GlobalAveragePooling2D": {},
    "GlobalMaxPooling1D": {},
    "GlobalMaxPooling2D": {},
    "GaussianNoise": {"stddev": 0.1},
    "LayerNormalization": {},
    "LeakyReLU": {"negative_slope": 0.1},
    "RandomContrast": {"factor": 0.1},
    "SpatialDropout1D": {"rate": 0.5},
    "RandomFlip": {"mode": "horizontal"},
    "RandomRotation": {"factor": 0.1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.1},
    "SpatialDropout2D": {"rate": 0.5},
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_layers(name):
    shape = (9, 8, 3)[: LAYERS[name].rank or 3]
    expected = keras_shape(name, OTHERS[name], shape)
    assert LAYERS[name].output_shape(OTHERS[name], shape) == expected


def test_no_layer_is_left_out():
    compared = {"Conv1D", "Conv2D", *OTHERS}
    compared |= {f"{kind}Pooling{axes}D" for kind in ("Max", "Average") for axes in (1, 2)}
    assert compared == set(LAYERS)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("Conv2D", {"filters": 1, "kernel_size": 6}),
        ("Conv2D", {"filters": 1, "kernel_size": [1, 6]}),
        ("Conv2D", {"filters": 1, "kernel_size": 3, "dilation_rate": 3}),
        ("Conv2D", {"filters": 1, "kernel_size": 3, "dilation_rate": 2, "strides": 2}),
        ("MaxPooling2D", {"pool_size": 6}),
    ],
)
def test_what_does_not_fit_is_refused_where_keras_refuses_it(name, arguments):
    with pytest.raises(ShapeMismatch):
        LAYERS[name].output_shape(arguments, (5, 5, 1))
    with pytest.raises(ValueError):
        keras_shape(name, arguments, (5, 5, 1))
