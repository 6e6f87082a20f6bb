"""What a training takes, from the architecture and the shape of its data; imports no Keras."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from gridwright.contract import Footprint
from keras_cnn import architecture
from keras_cnn.shapes import per_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import DataDescription
    from keras_cnn.architecture import Layer
    from keras_cnn.shapes import Shape

_BYTES = 4  # of a float32
#: Copies of the weights besides themselves and their gradient that an optimizer keeps.
_STATE = {"sgd": 1, "adam": 2, "adamw": 2, "nadam": 2, "adamax": 2, "rmsprop": 2}


def footprint(parameters: Mapping[str, Any], data: DataDescription) -> Footprint:
    """Return the footprint of a training with good `parameters` on such data."""
    layers, _ = architecture.read(parameters["architecture"])
    count, values, products = sizes(layers, data)
    optimizer = parameters.get("optimizer", "adam")
    name = optimizer.get("name") if isinstance(optimizer, Mapping) else optimizer
    vectors = 2 + _STATE.get(str(name).lower(), 2)
    rows = min(int(parameters.get("batch_size", 128)), data.n_train)
    # Every layer's output is kept for its gradient, which is as large.
    return Footprint(
        epochs=int(parameters.get("epochs", 10)),
        parameters=count,
        memory=_BYTES * (count * vectors + 2 * rows * values),
        products=products,
    )


def sizes(layers: Sequence[Layer], data: DataDescription) -> tuple[int, int, int]:
    """Return how many weights there are, and values and products of one sample on its way."""
    shape = architecture.input_shape(layers, data.sample_shape)
    count, values, products = 0, prod(shape), 0
    for layer in layers:
        left = layer.output_shape(shape)
        weights = _weights(layer, shape, left)
        count += weights
        values += prod(left)
        # A kernel's weights meet every place of the map that leaves; a bias is small beside them.
        products += weights * prod(left[:-1])
        shape = left
    output = architecture.Output.of(data)
    if architecture.lacks_output(layers, output):
        count += (prod(shape) + 1) * output.units
        products += prod(shape) * output.units
        values += output.units
    return count, values, products


def _weights(layer: Layer, shape: Shape, left: Shape) -> int:
    bias = left[-1] if layer.arguments.get("use_bias", True) else 0
    if layer.name.startswith("Conv"):
        kernel = per_axis(layer.arguments["kernel_size"], len(shape) - 1)
        return prod(kernel) * shape[-1] * left[-1] + bias
    if layer.name == "Dense":
        return shape[-1] * left[-1] + bias
    if layer.name == "BatchNormalization":
        return 4 * shape[-1]
    if layer.name == "LayerNormalization":
        return 2 * shape[-1]
    return 0
