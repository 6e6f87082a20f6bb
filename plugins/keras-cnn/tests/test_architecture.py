"""Architectures: reading entries, following shapes, naming what does not fit."""

from dataclasses import replace

import pytest

from keras_cnn import architecture
from keras_cnn.architecture import Output


def problem_of(entries, data):
    layers, problems = architecture.read(entries)
    assert not problems
    return architecture.check(layers, data)


def conv(**arguments):
    return {"layer": "Conv2D", "filters": 8, "kernel_size": 3, **arguments}


def test_a_list_of_filters_stands_for_layers_in_a_row():
    layers, problems = architecture.read([conv(filters=[8, 16]), "Flatten", {"layer": "Flatten"}])
    assert not problems
    assert [(layer.position, layer.name) for layer in layers] == [
        (0, "Conv2D"),
        (0, "Conv2D"),
        (1, "Flatten"),
        (2, "Flatten"),
    ]
    assert [layer.arguments.get("filters") for layer in layers] == [8, 16, None, None]
    assert layers[1].arguments["kernel_size"] == 3


@pytest.mark.parametrize(
    ("entry", "parameter", "words"),
    [
        ("Conv3D", "architecture.0.layer", "unknown layer 'Conv3D': did you mean 'Conv2D'?"),
        ({"layer": "Lambda"}, "architecture.0.layer", "unknown layer 'Lambda'"),
        ({"layer": ["Dense"]}, "architecture.0.layer", "unknown layer"),
        ({"units": 3}, "architecture.0", "must be a layer's name or a mapping"),
        (3, "architecture.0", "must be a layer's name or a mapping"),
        ({"layer": "Dense"}, "architecture.0.units", "Dense needs it"),
        (conv(kernel=3), "architecture.0.kernel", "unknown argument of Conv2D 'kernel'"),
        (conv(filters=0), "architecture.0.filters", "a whole number of at least 1, but got 0"),
        (conv(filters=[8, "x"]), "architecture.0.filters", "but got 'x'"),
        (conv(filters=[]), "architecture.0.filters", "but got []"),
        (conv(filters=True), "architecture.0.filters", "but got True"),
        (conv(kernel_size=[3, 3, 3]), "architecture.0.kernel_size", "or a list of 2"),
        (conv(activation="rely"), "architecture.0.activation", "did you mean 'relu'?"),
        (conv(padding="full"), "architecture.0.padding", "choose one of same, valid"),
        ({"layer": "Dropout", "rate": 1}, "architecture.0.rate", "from 0 to below 1, but got 1"),
    ],
)
def test_a_wrong_entry_is_named(entry, parameter, words):
    layers, problems = architecture.read([entry])
    assert not layers
    assert [problem.parameter for problem in problems] == [parameter]
    assert words in problems[0].message


def test_all_wrong_entries_are_named_at_once():
    _, problems = architecture.read([conv(filters=-1, padding="no"), "Flat", {"layer": "Dense"}])
    assert [problem.parameter for problem in problems] == [
        "architecture.0.filters",
        "architecture.0.padding",
        "architecture.1.layer",
        "architecture.2.units",
    ]


@pytest.mark.parametrize("entries", [None, [], "Dense", {"layer": "Dense"}, 3])
def test_something_else_than_a_list_is_refused(entries):
    _, problems = architecture.read(entries)
    assert [problem.parameter for problem in problems] == ["architecture"]
    assert "must be a list of layers" in problems[0].message


def test_what_fits_has_no_problem(digits_like):
    assert problem_of([conv(), "Flatten"], digits_like) is None
    assert problem_of([conv(), "GlobalMaxPooling2D"], digits_like) is None
    dense = {"layer": "Dense", "units": 10, "activation": "softmax"}
    assert problem_of([conv(), "Flatten", dense], digits_like) is None
    assert problem_of(["Flatten", {"layer": "Dense", "units": 10}, "Flatten"], digits_like) is None


@pytest.mark.parametrize(
    ("entries", "parameter", "words"),
    [
        (
            [conv(kernel_size=24), conv(kernel_size=11)],
            "architecture.1",
            (
                "Conv2D needs a map of at least 11 x 11 for its window (or padding: same), "
                "but 5 x 5 x 8 arrives"
            ),
        ),
        (
            [conv(), {"layer": "Dense", "units": 32}],
            "architecture.1",
            (
                "Dense needs samples with one axis (put Flatten or GlobalAveragePooling2D before it), "
                "but 26 x 26 x 8 arrives"
            ),
        ),
        ([conv()], "architecture.0", "Conv2D leaves 26 x 26 x 8, but the output layer needs"),
        (["Flatten", conv()], "architecture.1", "Conv2D needs samples with 3 axes, but 784"),
        (
            ["Flatten", {"layer": "Dense", "units": 6, "activation": "softmax"}],
            "architecture.1",
            (
                "the output layer has 6 units for 10 outputs: "
                "end in {layer: Dense, units: 10, activation: softmax}, or leave the output layer out"
            ),
        ),
        (
            ["Flatten", {"layer": "Dense", "units": 1, "activation": "sigmoid"}],
            "architecture.1",
            "ends in Dense with 1 units and sigmoid",
        ),
        (["Flatten", {"layer": "Dense", "units": 10}], "architecture.1", "10 units and linear"),
        (
            [conv(strides=2, dilation_rate=2), "Flatten"],
            "architecture.0",
            "strides or dilation_rate above 1, but not both, but 28 x 28 x 1 arrives",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_shape(entries, parameter, words, digits_like):
    problem = problem_of(entries, digits_like)
    assert problem is not None
    assert problem.parameter == parameter
    assert words in problem.message


def test_a_regression_ends_in_linear_units(digits_like):
    data = replace(digits_like, task="regression", classes=(), n_outputs=2)
    assert problem_of(["Flatten", {"layer": "Dense", "units": 2}], data) is None
    assert (
        problem_of(["Flatten", {"layer": "Dense", "units": 8, "activation": "relu"}], data) is None
    )
    wrong = problem_of(["Flatten", {"layer": "Dense", "units": 3}], data)
    assert wrong is not None
    assert "3 units for 2 outputs" in wrong.message
    softmax = problem_of(["Flatten", {"layer": "Dense", "units": 2, "activation": "softmax"}], data)
    assert softmax is not None
    assert "activation: linear" in softmax.message


@pytest.mark.parametrize(
    ("entries", "sample_shape", "expected"),
    [
        ([conv()], (28, 28), (28, 28, 1)),
        ([conv()], (32, 32, 3), (32, 32, 3)),
        (["BatchNormalization", conv()], (28, 28), (28, 28, 1)),
        (["Flatten", {"layer": "Dense", "units": 1}], (28, 28), (28, 28)),
        ([{"layer": "Dense", "units": 1}], (4,), (4,)),
        ([{"layer": "Conv1D", "filters": 1, "kernel_size": 1}], (36,), (36, 1)),
        ([{"layer": "Conv1D", "filters": 1, "kernel_size": 1}], (36, 4), (36, 4)),
        ([conv()], (4,), (4,)),
    ],
)
def test_a_channel_axis_is_added_where_the_first_layer_needs_one(entries, sample_shape, expected):
    layers, _ = architecture.read(entries)
    assert architecture.input_shape(layers, sample_shape) == expected


def test_a_table_does_not_fit_a_picture_network(digits_like):
    problem = problem_of([conv(), "Flatten"], replace(digits_like, sample_shape=(4,)))
    assert problem is not None
    assert problem.message == "Conv2D needs samples with 3 axes, but 4 arrives"


@pytest.mark.parametrize(
    ("last", "lacks"),
    [
        ({"layer": "Dense", "units": 3, "activation": "softmax"}, False),
        ({"layer": "Activation", "activation": "softmax"}, False),
        ({"layer": "Dense", "units": 3, "activation": "relu"}, True),
        ("Flatten", True),
    ],
)
def test_a_missing_output_layer_is_seen(last, lacks):
    layers, _ = architecture.read([last])
    assert architecture.lacks_output(layers, Output(3, "softmax")) is lacks
