"""The Keras model of an architecture: preprocessing, the layers, the output layer.

Preprocessing is part of the model, so that a stored one takes raw samples: pictures of bytes are
divided by 255, everything else is standardised along its last axis with the mean and standard
deviation of the training part. The input is float32; other types are converted batch by batch.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_cnn import keras_names, runtime, user_layers
from keras_cnn.architecture import Layer, Output, input_shape, lacks_output
from keras_cnn.large_arrays import moments
from keras_cnn.layers import KERAS_LAYERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridwright.contract import Array
    from keras_cnn.shapes import Shape


def build(
    layers: Sequence[Layer],
    output: Output,
    sample_shape: Shape,
    scaling: Mapping[str, Any],
    precision: str = "float32",
) -> Any:
    """Return an untrained, uncompiled model.

    Args:
        layers: of the architecture, already checked.
        output: what the model must end in; added if the layers lack it.
        sample_shape: of the samples that it takes.
        scaling: of the samples, from `scaling_of`.
        precision: Keras's dtype policy of the layers between scaling and output.
    """
    keras = runtime.keras()
    with _policy(precision):
        inputs = keras.Input(sample_shape, dtype="float32", name="samples")
        flow = _through(layers, output, _scaling(scaling)(inputs), sample_shape)
    # Probabilities and the loss need all digits of a float32.
    if keras.backend.standardize_dtype(flow.dtype) != "float32":
        flow = keras.layers.Activation("linear", dtype="float32", name="as_float32")(flow)
    return keras.Model(inputs, flow, name="cnn")


def scaling_of(x: Array) -> dict[str, Any]:
    """Return how samples like the training part `x (n, *sample_shape)` are scaled, as plain values.

    Pictures of bytes are divided by 255, `{}`; everything else is standardised along its last
    axis by `mean` and `variance`, lists of `sample_shape[-1]` numbers.
    """
    if x.dtype == np.uint8 and x.ndim > 2:
        return {}
    mean, variance = moments(x)
    # A constant column stays constant, instead of being divided by next to nothing.
    return {
        "mean": mean.tolist(),
        "variance": np.where(variance > 0, variance, 1.0).tolist(),
    }


def _through(layers: Sequence[Layer], output: Output, flow: Any, sample_shape: Shape) -> Any:
    keras = runtime.keras()
    shape = input_shape(layers, sample_shape)
    if shape != sample_shape:
        flow = keras.layers.Reshape(shape, name="channel_axis")(flow)
    for layer in layers:
        flow = _keras_layer(layer)(flow)
    if lacks_output(layers, output):
        flow = keras.layers.Dense(
            output.units, activation=output.activation, name="output", dtype="float32"
        )(flow)
    return flow


@contextmanager
def _policy(precision: str) -> Iterator[None]:
    config = runtime.keras().config
    before = config.dtype_policy()
    config.set_dtype_policy(precision)
    try:
        yield
    finally:
        config.set_dtype_policy(before)


def optimizer(choice: Any, learning_rate: Any) -> Any:
    """Return a fresh Keras optimizer.

    Args:
        choice: a name, a mapping of `name` and arguments, or a Keras optimizer as a template.
        learning_rate: a number or a Keras schedule; None takes the optimizer's own.
    """
    keras = runtime.keras()
    if isinstance(choice, keras.optimizers.Optimizer):
        return type(choice).from_config(choice.get_config())
    name, arguments = keras_names.named(choice)
    if learning_rate is not None:
        arguments["learning_rate"] = learning_rate
    return getattr(keras.optimizers, keras_names.OPTIMIZER_CLASSES[name])(**arguments)


def loss(choice: Any, task: str) -> Any:
    """Return a Keras loss; None takes the task's own."""
    keras = runtime.keras()
    if isinstance(choice, keras.losses.Loss):
        return choice
    name, arguments = keras_names.named(
        keras_names.DEFAULT_LOSS[task] if choice is None else choice
    )
    name = keras_names.LOSS_ALIASES.get(name, name)
    return getattr(keras.losses, keras_names.LOSS_CLASSES[name])(**arguments)


def _scaling(scaling: Mapping[str, Any]) -> Any:
    layers = runtime.keras().layers
    if not scaling:
        return layers.Rescaling(1 / 255, name="scaling", dtype="float32")
    return layers.Normalization(axis=-1, **scaling, name="scaling", dtype="float32")


def _keras_layer(layer: Layer) -> Any:
    if layer.template is not None:
        # A copy, so that one list of layers can be trained many times from the start.
        return type(layer.template).from_config(layer.template.get_config())
    # A tuple where Keras compares with one.
    arguments = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in layer.arguments.items()
    }
    if layer.name in KERAS_LAYERS:
        return getattr(runtime.keras().layers, layer.name)(**arguments)
    return user_layers.layer_class(layer.name)(**arguments)
