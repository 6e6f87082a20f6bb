"""An architecture: a list of layers from a configuration, read, followed shape by shape, built.

An entry is a mapping with Keras's own names, so that every number of it can be swept:

    architecture:
      - {layer: Conv2D, filters: [8, 16, 32], kernel_size: 3, activation: relu}
      - {layer: MaxPooling2D, pool_size: 2}
      - Flatten
      - {layer: Dense, units: 32, activation: relu}

A list of `filters` or `units` stands for that many layers in a row; a name alone for a layer
without arguments. In Python an entry may also be a Keras layer, which is taken as a template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridwright.contract import DataDescription, Problem
from gridwright.errors import unknown_name
from keras_cnn.layers import LAYERS
from keras_cnn.shapes import Shape, ShapeMismatch, times

#: Arguments of which a list stands for a row of layers; Keras never takes a list there.
_IN_A_ROW = ("filters", "units")


@dataclass(frozen=True)
class Layer:
    """One layer of an architecture.

    Attributes:
        position: where its entry stands in the list, from 0.
        name: Keras's class name.
        arguments: Keras's arguments.
        template: the Keras layer that was given instead of a configuration, if one was.
    """

    position: int
    name: str
    arguments: Mapping[str, Any]
    template: Any = None

    @property
    def rank(self) -> int | None:
        """Axes of a sample that the layer needs; None if any will do, or if that is not known."""
        return LAYERS[self.name].rank if self.name in LAYERS else None

    def output_shape(self, shape: Shape) -> Shape:
        """Return the shape that leaves the layer.

        Raises:
            ShapeMismatch: the layer cannot take such a sample.
        """
        if self.rank is not None and len(shape) != self.rank:
            raise ShapeMismatch(_wrong_rank(self.name, self.rank, len(shape)))
        if self.template is None:
            return LAYERS[self.name].output_shape(self.arguments, shape)
        try:
            left = self.template.compute_output_shape((None, *shape))
        except (TypeError, ValueError) as error:
            raise ShapeMismatch(f"cannot take it: {error}") from error
        return tuple(left[1:])


@dataclass(frozen=True)
class Output:
    """What the network must end in.

    Attributes:
        units: classes, or columns of the target.
        activation: `softmax` for classes, `linear` for values.
    """

    units: int
    activation: str

    @classmethod
    def of(cls, data: DataDescription) -> Output:
        """Return the output that fits the data."""
        if data.task == "classification":
            return cls(len(data.classes), "softmax")
        return cls(data.n_outputs, "linear")


def read(architecture: Any) -> tuple[list[Layer], list[Problem]]:
    """Return the layers of a configured architecture, and what is wrong with its entries."""
    if not isinstance(architecture, list | tuple) or not architecture:
        return [], [
            Problem(
                "architecture",
                "must be a list of layers such as {layer: Dense, units: 32, activation: relu}, "
                f"but got {architecture!r}",
            )
        ]
    layers: list[Layer] = []
    problems: list[Problem] = []
    for position, entry in enumerate(architecture):
        if _is_keras_layer(entry):
            layers.append(Layer(position, type(entry).__name__, {}, entry))
            continue
        found = _entry_problems(position, entry)
        problems += found
        if not found:
            layers += _layers(position, entry)
    return layers, problems


def check(layers: Sequence[Layer], data: DataDescription) -> Problem | None:
    """Follow a sample through the layers; return the first thing that does not fit.

    Everything behind a wrong shape is unknown, so there is at most one problem of this kind.
    """
    shape = input_shape(layers, data.sample_shape)
    for layer in layers:
        try:
            shape = layer.output_shape(shape)
        except ShapeMismatch as error:
            return Problem(
                f"architecture.{layer.position}",
                f"{layer.name} {error}, but {times(shape)} arrives",
            )
    return _output_problem(layers, shape, Output.of(data))


def input_shape(layers: Sequence[Layer], sample_shape: Shape) -> Shape:
    """Return the shape that the first layer gets: a channel axis is added where it needs one.

    Pictures without channels `(28, 28)` become `(28, 28, 1)` for Conv2D, and rows of a table
    `(36,)` become `(36, 1)` for Conv1D.
    """
    for layer in layers:
        if layer.name == "Flatten":
            break
        if layer.rank is not None:
            return (*sample_shape, 1) if layer.rank == len(sample_shape) + 1 else sample_shape
    return sample_shape


def lacks_output(layers: Sequence[Layer], output: Output) -> bool:
    """Whether the plugin has to add the output layer, because the list ends in a hidden one."""
    return _activation(layers[-1]) != output.activation or (
        output.activation == "linear" and layers[-1].name != "Dense"
    )


def _is_keras_layer(entry: Any) -> bool:
    # Keras itself may not be imported yet; only an object of its own has all three.
    names = ("get_config", "compute_output_shape", "build")
    return all(hasattr(entry, name) for name in names)


def _entry_problems(position: int, entry: Any) -> list[Problem]:
    where = f"architecture.{position}"
    if isinstance(entry, str):
        entry = {"layer": entry}
    if not isinstance(entry, Mapping) or "layer" not in entry:
        return [
            Problem(
                where,
                "must be a layer's name or a mapping such as "
                f"{{layer: Dense, units: 32}}, but got {entry!r}",
            )
        ]
    name = entry["layer"]
    if not isinstance(name, str) or name not in LAYERS:
        return [Problem(f"{where}.layer", unknown_name("layer", name, LAYERS))]
    rule = LAYERS[name]
    problems = [
        Problem(f"{where}.{argument}", f"{name} needs it")
        for argument in rule.required
        if argument not in entry
    ]
    for argument, value in entry.items():
        if argument == "layer":
            continue
        if argument not in rule.arguments:
            text = unknown_name(f"argument of {name}", argument, rule.arguments)
            problems.append(Problem(f"{where}.{argument}", text))
            continue
        for single in _in_a_row(argument, value):
            objection = rule.arguments[argument].objection(single)
            if objection:
                problems.append(Problem(f"{where}.{argument}", f"{name}'s {objection}"))
    return problems


def _in_a_row(argument: Any, value: Any) -> Sequence[Any]:
    return value if argument in _IN_A_ROW and isinstance(value, list) and value else [value]


def _layers(position: int, entry: str | Mapping[str, Any]) -> list[Layer]:
    if isinstance(entry, str):
        return [Layer(position, entry, {})]
    arguments = {name: value for name, value in entry.items() if name != "layer"}
    row = next((name for name in _IN_A_ROW if isinstance(arguments.get(name), list)), None)
    if row is None:
        return [Layer(position, entry["layer"], arguments)]
    return [Layer(position, entry["layer"], {**arguments, row: value}) for value in arguments[row]]


def _wrong_rank(name: str, needed: int, came: int) -> str:
    axes = "one axis" if needed == 1 else f"{needed} axes"
    if name == "Dense" and came > 1:
        return "needs samples with one axis (put Flatten or GlobalAveragePooling2D before it)"
    return f"needs samples with {axes}"


def _activation(layer: Layer) -> str:
    activation = layer.arguments.get("activation") or "linear"
    if layer.template is not None:
        # A Keras layer's configuration may hold a function or a serialised object.
        activation = getattr(getattr(layer.template, "activation", None), "__name__", "linear")
    return str(activation)


def _output_problem(layers: Sequence[Layer], shape: Shape, output: Output) -> Problem | None:
    last = layers[-1]
    where = f"architecture.{last.position}"
    wanted = f"{{layer: Dense, units: {output.units}, activation: {output.activation}}}"
    if len(shape) != 1:
        return Problem(
            where,
            f"{last.name} leaves {times(shape)}, but the output layer needs samples with one axis "
            "(end in Flatten or GlobalAveragePooling2D)",
        )
    if not lacks_output(layers, output):
        if shape == (output.units,):
            return None
        return Problem(
            where,
            f"the output layer has {shape[0]} units for {output.units} outputs: "
            f"end in {wanted}, or leave the output layer out",
        )
    # No hidden layer looks like these: a softmax, a single unit, or a logit for each output.
    logits = _activation(last) == "linear" and shape == (output.units,)
    if _activation(last) == "softmax" or (last.name == "Dense" and (shape == (1,) or logits)):
        return Problem(
            where,
            f"the list ends in {last.name} with {shape[0]} units and {_activation(last)}: "
            f"end in {wanted}, or leave the output layer out",
        )
    return None
