"""Layers of your own that a configuration may name: installed packages announce them.

    [project.entry-points."keras_cnn.layers"]
    Swish2D = "my_package.layers:Swish2D"

A configuration still cannot reach anything that is not announced. The module is imported, and
Keras with it, when an architecture names the layer.
"""

from __future__ import annotations

import inspect
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gridwright.errors import PluginError
from keras_cnn import runtime
from keras_cnn.requirements import Requirement
from keras_cnn.shapes import ShapeMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keras_cnn.shapes import Shape

#: Entry-point group in which a package announces a layer: its class name, and where it is.
LAYER_ENTRY_POINTS = "keras_cnn.layers"

_ANYTHING = Requirement("anything", lambda _value: True)


@cache
def announced() -> Mapping[str, EntryPoint]:
    """Return the announced layers by class name."""
    found = entry_points(group=LAYER_ENTRY_POINTS)
    return MappingProxyType({entry.name: entry for entry in found})


def layer_class(name: str) -> Any:
    """Return the class of an announced layer.

    Raises:
        PluginError: it cannot be imported, is no Keras layer, or has another name.
    """
    entry = announced()[name]
    keras = runtime.keras()
    try:
        found = entry.load()
    except Exception as error:
        raise PluginError(f"the layer {name} ({entry.value}) cannot be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, keras.Layer) and found.__name__ == name):
        raise PluginError(
            f"the entry point {name} of {LAYER_ENTRY_POINTS} must be a Keras layer class of that "
            f"name, but {entry.value} is {found!r}"
        )
    return found


def arguments(name: str) -> tuple[dict[str, Requirement], tuple[str, ...]]:
    """Return the arguments that the layer takes, and the names of those it needs."""
    parameters = [
        parameter
        for parameter in inspect.signature(layer_class(name)).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]
    needed = tuple(each.name for each in parameters if each.default is each.empty)
    return {each.name: _ANYTHING for each in parameters}, needed


def output_shape(name: str, given: Mapping[str, Any], shape: Shape) -> Shape:
    """Return the shape that leaves the layer, as it says itself.

    Raises:
        ShapeMismatch: the layer refuses its arguments or the shape.
    """
    try:
        left = layer_class(name)(**given).compute_output_shape((None, *shape))
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ShapeMismatch(f"cannot take it: {' '.join(str(error).split())}") from error
    return tuple(left[1:])
