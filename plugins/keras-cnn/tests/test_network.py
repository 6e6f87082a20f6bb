"""The Keras model that is built: preprocessing, layers, output."""

import numpy as np
import pytest

from keras_cnn import architecture, network, runtime
from keras_cnn.architecture import Output


def built(entries, x, output=None):
    layers, problems = architecture.read(entries)
    assert not problems
    return network.build(layers, output or Output(3, "softmax"), x.shape[1:], network.scaling_of(x))


def after_scaling(model, x):
    keras = runtime.keras()
    return np.asarray(keras.Model(model.input, model.get_layer("scaling").output)(x))


def test_bytes_are_divided_by_255_whatever_type_they_come_in():
    x = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    model = built(["Flatten"], x)
    for typed in (x, x.astype(np.float64), x.astype(np.int64)):
        np.testing.assert_allclose(after_scaling(model, typed), x / 255, rtol=1e-6)


@pytest.mark.parametrize("shape", [(200, 5), (50, 4, 6, 3)])
def test_other_numbers_are_standardised_along_the_last_axis(shape):
    x = np.random.default_rng(0).normal(40, 3, shape)
    x[..., 1] = 7.0
    scaled = after_scaling(built(["Flatten"], x), x)
    others = [column for column in range(shape[-1]) if column != 1]
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(scaled.mean(axis=axes), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=axes)[others], 1, atol=1e-5)


def test_the_output_layer_is_added_only_where_it_is_missing():
    x = np.zeros((2, 4), np.float32)
    assert built([{"layer": "Dense", "units": 8}], x).layers[-1].name == "output"
    own = built([{"layer": "Dense", "units": 3, "activation": "softmax"}], x)
    assert own.output_shape == (None, 3)
    assert [type(layer).__name__ for layer in own.layers] == [
        "InputLayer",
        "Normalization",
        "Dense",
    ]


def test_keras_layers_are_templates(pictures):
    keras = runtime.keras()
    layers = [keras.layers.Conv2D(2, (3, 3)), keras.layers.Flatten()]
    first, second = (built(layers, pictures[0]) for _ in range(2))
    assert not layers[0].built
    assert first.get_layer(index=3) is not second.get_layer(index=3)
    assert first.count_params() == second.count_params() == 2 * 9 + 2 + 200 * 3 + 3


def test_an_optimizer_is_fresh_each_time():
    keras = runtime.keras()
    template = keras.optimizers.SGD(0.25, momentum=0.5)
    copy = network.optimizer(template, None)
    assert copy is not template
    assert float(copy.learning_rate) == 0.25
    assert copy.momentum == 0.5
    named = network.optimizer({"name": "sgd", "momentum": 0.75}, 0.125)
    assert (type(named).__name__, named.momentum, float(named.learning_rate)) == (
        "SGD",
        0.75,
        0.125,
    )
