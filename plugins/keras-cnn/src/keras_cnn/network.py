"""The Keras model of an architecture: preprocessing, the layers, the output layer.

Preprocessing is part of the model, so that a stored one takes raw samples: pictures of bytes are
divided by 255, everything else is standardised along its last axis with the mean and standard
deviation of the training part. The input is float32; other types are converted batch by batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_cnn import keras_names, runtime
from keras_cnn.architecture import Layer, Output, input_shape, lacks_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array


def build(layers: Sequence[Layer], output: Output, x: Array) -> Any:
    """Return an untrained, uncompiled model for samples like those of `x`.

    Args:
        layers: of the architecture, already checked.
        output: what the model must end in; added if the layers lack it.
        x: the training part, `(n, *sample_shape)`.
    """
    keras = runtime.keras()
    sample_shape = x.shape[1:]
    inputs = keras.Input(sample_shape, dtype="float32", name="samples")
    flow = _scaling(x)(inputs)
    shape = input_shape(layers, sample_shape)
    if shape != sample_shape:
        flow = keras.layers.Reshape(shape, name="channel_axis")(flow)
    for layer in layers:
        flow = _keras_layer(layer)(flow)
    if lacks_output(layers, output):
        flow = keras.layers.Dense(output.units, activation=output.activation, name="output")(flow)
    return keras.Model(inputs, flow, name="cnn")


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


def _scaling(x: Array) -> Any:
    layers = runtime.keras().layers
    if x.dtype == np.uint8 and x.ndim > 2:
        return layers.Rescaling(1 / 255, name="scaling")
    rows = x.reshape(-1, x.shape[-1]).astype(np.float64)
    variance = rows.var(axis=0)
    # A constant column stays constant, instead of being divided by next to nothing.
    return layers.Normalization(
        axis=-1,
        mean=rows.mean(axis=0).tolist(),
        variance=np.where(variance > 0, variance, 1.0).tolist(),
        name="scaling",
    )


def _keras_layer(layer: Layer) -> Any:
    if layer.template is not None:
        # A copy, so that one list of layers can be trained many times from the start.
        return type(layer.template).from_config(layer.template.get_config())
    # A tuple where Keras compares with one.
    arguments = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in layer.arguments.items()
    }
    return getattr(runtime.keras().layers, layer.name)(**arguments)
