"""The layers of Keras that an architecture may name: their arguments and what they do to shapes.

Arguments have Keras's own names and meaning. Nothing that is not in `LAYERS` is ever looked up,
so a configuration cannot reach arbitrary code; installed packages can add to it (`user_layers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from keras_cnn import shapes, user_layers
from keras_cnn.keras_names import ACTIVATION, INITIALIZER, PADDING, REGULARIZER
from keras_cnn.requirements import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    POSITIVE_WHOLE,
    TRUTH,
    Requirement,
    one_of,
    optional,
    sizes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class LayerRule:
    """What a layer takes.

    Attributes:
        arguments: name -> rule of every argument that may be given.
        output_shape: the shape that leaves the layer.
        required: arguments that must be given.
        rank: number of axes of a sample that the layer needs; None if any will do.
    """

    arguments: Mapping[str, Requirement]
    output_shape: shapes.ShapeRule
    required: tuple[str, ...] = ()
    rank: int | None = None


_WEIGHTS = {
    "activation": ACTIVATION,
    "use_bias": TRUTH,
    "kernel_initializer": INITIALIZER,
    "bias_initializer": INITIALIZER,
    "kernel_regularizer": REGULARIZER,
    "bias_regularizer": REGULARIZER,
}
_FILL = {
    "fill_mode": one_of("fill_mode", ("reflect", "wrap", "constant", "nearest")),
    "interpolation": one_of("interpolation", ("nearest", "bilinear")),
}


def _convolution(n_axes: int) -> LayerRule:
    arguments = {
        "filters": POSITIVE_WHOLE,
        "kernel_size": sizes(n_axes),
        "strides": sizes(n_axes),
        "padding": PADDING,
        "dilation_rate": sizes(n_axes),
        **_WEIGHTS,
    }
    return LayerRule(arguments, shapes.convolved, ("filters", "kernel_size"), n_axes + 1)


def _pooling(n_axes: int, *required: str) -> LayerRule:
    arguments = {
        "pool_size": sizes(n_axes),
        "strides": optional(sizes(n_axes)),
        "padding": PADDING,
    }
    # Keras has a default for the window of a maximum, and none for that of an average.
    return LayerRule(arguments, shapes.pooled, required, n_axes + 1)


def _global_pooling(n_axes: int) -> LayerRule:
    return LayerRule({}, shapes.globally_pooled, rank=n_axes + 1)


KERAS_LAYERS: Mapping[str, LayerRule] = MappingProxyType(
    {
        "Activation": LayerRule({"activation": ACTIVATION}, shapes.unchanged, ("activation",)),
        "AveragePooling1D": _pooling(1, "pool_size"),
        "AveragePooling2D": _pooling(2, "pool_size"),
        "BatchNormalization": LayerRule(
            {"momentum": FRACTION, "epsilon": POSITIVE, "center": TRUTH, "scale": TRUTH},
            shapes.unchanged,
        ),
        "Conv1D": _convolution(1),
        "Conv2D": _convolution(2),
        "Dense": LayerRule({"units": POSITIVE_WHOLE, **_WEIGHTS}, shapes.dense, ("units",), rank=1),
        "Dropout": LayerRule({"rate": FRACTION}, shapes.unchanged, ("rate",)),
        "Flatten": LayerRule({}, shapes.flattened),
        "GlobalAveragePooling1D": _global_pooling(1),
        "GlobalAveragePooling2D": _global_pooling(2),
        "GlobalMaxPooling1D": _global_pooling(1),
        "GlobalMaxPooling2D": _global_pooling(2),
        "GaussianNoise": LayerRule({"stddev": NOT_NEGATIVE}, shapes.unchanged, ("stddev",)),
        "LayerNormalization": LayerRule(
            {"epsilon": POSITIVE, "center": TRUTH, "scale": TRUTH}, shapes.unchanged
        ),
        "LeakyReLU": LayerRule({"negative_slope": NOT_NEGATIVE}, shapes.unchanged),
        "MaxPooling1D": _pooling(1),
        "MaxPooling2D": _pooling(2),
        "RandomContrast": LayerRule({"factor": FRACTION}, shapes.unchanged, ("factor",), 3),
        "RandomFlip": LayerRule(
            {"mode": one_of("mode", ("horizontal", "vertical", "horizontal_and_vertical"))},
            shapes.unchanged,
            rank=3,
        ),
        "RandomRotation": LayerRule(
            {"factor": FRACTION, **_FILL}, shapes.unchanged, ("factor",), 3
        ),
        "RandomTranslation": LayerRule(
            {"height_factor": FRACTION, "width_factor": FRACTION, **_FILL},
            shapes.unchanged,
            ("height_factor", "width_factor"),
            3,
        ),
        "RandomZoom": LayerRule(
            {"height_factor": FRACTION, "width_factor": optional(FRACTION), **_FILL},
            shapes.unchanged,
            ("height_factor",),
            3,
        ),
        "SpatialDropout1D": LayerRule({"rate": FRACTION}, shapes.unchanged, ("rate",), 2),
        "SpatialDropout2D": LayerRule({"rate": FRACTION}, shapes.unchanged, ("rate",), 3),
    }
)


class _Allowed(Mapping[str, LayerRule]):
    """Keras's layers above, and those that installed packages announce, read when asked for."""

    def __getitem__(self, name: str) -> LayerRule:
        if name in KERAS_LAYERS:
            return KERAS_LAYERS[name]
        if name not in user_layers.announced():
            raise KeyError(name)
        arguments, required = user_layers.arguments(name)
        return LayerRule(arguments, partial(user_layers.output_shape, name), required)

    def __contains__(self, name: object) -> bool:
        return name in KERAS_LAYERS or name in user_layers.announced()

    def __iter__(self) -> Iterator[str]:
        yield from KERAS_LAYERS
        yield from (name for name in user_layers.announced() if name not in KERAS_LAYERS)

    def __len__(self) -> int:
        return len(list(iter(self)))


LAYERS: Mapping[str, LayerRule] = _Allowed()
