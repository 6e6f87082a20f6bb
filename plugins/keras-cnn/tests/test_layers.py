"""The allow-list of layers against Keras."""

import inspect

import pytest

from keras_cnn import runtime
from keras_cnn.layers import LAYERS


@pytest.mark.parametrize("name", LAYERS)
def test_arguments_are_those_of_keras(name):
    signature = inspect.signature(getattr(runtime.keras().layers, name).__init__)
    rule = LAYERS[name]
    assert set(rule.arguments) <= set(signature.parameters)
    needed = {
        argument
        for argument, parameter in signature.parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
    } - {"self"}
    assert needed <= set(rule.required)


@pytest.mark.parametrize("name", [name for name, rule in LAYERS.items() if rule.rank])
def test_the_number_of_axes_is_that_of_keras(name):
    keras = runtime.keras()
    required = {
        "pool_size": 2,
        "filters": 2,
        "kernel_size": 1,
        "units": 2,
        "rate": 0.1,
        "factor": 0.1,
    }
    rule = LAYERS[name]
    arguments = {argument: required.get(argument, 0.1) for argument in rule.required}
    if name == "Dense":
        return  # Keras applies it along the last axis of anything; we ask for Flatten before it.
    layer = getattr(keras.layers, name)(**arguments)
    spec = layer.input_spec
    if spec is not None:
        assert (spec.ndim or spec.min_ndim) == rule.rank + 1
    else:
        assert layer(keras.Input((4,) * rule.rank)).shape[1:] == (4,) * rule.rank


@pytest.mark.parametrize("name", ["Lambda", "TFSMLayer", "InputLayer"])
def test_layers_that_run_code_or_need_more_are_not_in_it(name):
    assert name not in LAYERS
