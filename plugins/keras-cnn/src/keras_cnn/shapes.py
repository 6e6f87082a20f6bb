"""Shapes of samples on their way through the layers, computed without Keras.

A shape is that of one sample, channels last: `(height, width, channels)`, `(steps, channels)`
or `(features,)`. A test compares every rule with Keras's own `compute_output_shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

Shape = tuple[int, ...]
#: Arguments of a layer, shape that arrives -> shape that leaves.
ShapeRule = Callable[[Mapping[str, Any], Shape], Shape]


class ShapeMismatch(Exception):
    """A shape that a layer cannot take; the message says what the layer needs."""


def unchanged(_arguments: Mapping[str, Any], shape: Shape) -> Shape:
    """Return the shape itself: activations, normalisation, dropout, augmentation."""
    return shape


def flattened(_arguments: Mapping[str, Any], shape: Shape) -> Shape:
    """Return `(features,)` with all values of a sample in one row."""
    return (prod(shape),)


def dense(arguments: Mapping[str, Any], _shape: Shape) -> Shape:
    """Return `(units,)`."""
    return (arguments["units"],)


def convolved(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    """Return `(*map, filters)` of a convolution over all axes but the last."""
    dilation = per_axis(arguments.get("dilation_rate", 1), len(shape) - 1)
    kernel = per_axis(arguments["kernel_size"], len(shape) - 1)
    reach = tuple(step * (size - 1) + 1 for step, size in zip(dilation, kernel, strict=True))
    strides = per_axis(arguments.get("strides", 1), len(shape) - 1)
    if max(strides) > 1 and max(dilation) > 1:
        raise ShapeMismatch("takes strides or dilation_rate above 1, but not both")
    return (*_windows(shape[:-1], reach, strides, arguments), arguments["filters"])


def pooled(arguments: Mapping[str, Any], shape: Shape) -> Shape:
    """Return `(*map, channels)` of a pooling layer, whose strides default to its window."""
    window = arguments.get("pool_size", 2)
    strides = arguments.get("strides")
    sizes = per_axis(window, len(shape) - 1)
    steps = per_axis(window if strides is None else strides, len(shape) - 1)
    return (*_windows(shape[:-1], sizes, steps, arguments), shape[-1])


def globally_pooled(_arguments: Mapping[str, Any], shape: Shape) -> Shape:
    """Return `(channels,)`."""
    return shape[-1:]


def per_axis(size: int | list[int] | tuple[int, ...], n_axes: int) -> Shape:
    """Return the size along each axis; one number stands for all of them."""
    return (size,) * n_axes if isinstance(size, int) else tuple(size)


def _windows(axes: Shape, window: Shape, strides: Shape, arguments: Mapping[str, Any]) -> Shape:
    """Return the positions of a window along each axis."""
    if arguments.get("padding", "valid") == "same":
        return tuple(-(-axis // step) for axis, step in zip(axes, strides, strict=True))
    if any(size > axis for size, axis in zip(window, axes, strict=True)):
        raise ShapeMismatch(
            f"needs a map of at least {times(window)} for its window (or padding: same)"
        )
    return tuple(
        (axis - size) // step + 1 for axis, size, step in zip(axes, window, strides, strict=True)
    )


def times(shape: Shape) -> str:
    """Return a shape as it is said: 28 x 28 x 1."""
    return " x ".join(str(axis) for axis in shape)
