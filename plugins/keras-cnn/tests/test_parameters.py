"""Parameters are checked in full, and without Keras."""

import math
import subprocess
import sys

import pytest

from keras_cnn import parameters

GOOD = {
    "architecture": [{"layer": "Flatten"}],
    "epochs": 2,
    "batch_size": 16,
    "optimizer": "adam",
    "learning_rate": None,
    "loss": None,
    "metrics": [],
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"optimizer": "RMSprop"},
        {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
        {"optimizer": {"name": "adam", "learning_rate": 0.1}},
        {"learning_rate": 1e-3},
        {"loss": "categorical_crossentropy", "metrics": ["top_k_categorical_accuracy"]},
        {"loss": {"name": "categorical_crossentropy", "label_smoothing": 0.1}},
        {"loss": "mse"},
    ],
)
def test_good_parameters_have_no_problems(change, digits_like):
    assert parameters.check({**GOOD, **change}, digits_like) == []


@pytest.mark.parametrize(
    ("change", "parameter", "words"),
    [
        ({"epoch": 3}, "epoch", "unknown parameter 'epoch': did you mean 'epochs'?"),
        ({"epochs": 0}, "epochs", "must be a whole number of at least 1, but got 0"),
        ({"epochs": 2.0}, "epochs", "but got 2.0"),
        ({"batch_size": "64"}, "batch_size", "but got '64'"),
        ({"learning_rate": 0}, "learning_rate", "must be a number above 0, null, or a schedule"),
        ({"learning_rate": math.nan}, "learning_rate", "but got nan"),
        ({"optimizer": "adan"}, "optimizer", "did you mean 'adam'?"),
        ({"optimizer": None}, "optimizer", "unknown optimizer 'None'"),
        ({"optimizer": 3}, "optimizer", "must be a name or a mapping with one"),
        ({"optimizer": {"momentum": 1}}, "optimizer", "must be a name or a mapping with one"),
        ({"optimizer": {"name": "sgd", "beta_1": 0.9}}, "optimizer.beta_1", "argument of sgd"),
        ({"optimizer": {"name": "sgd", "momentum": 2}}, "optimizer.momentum", "but got 2"),
        ({"loss": "crossentropy"}, "loss", "unknown loss 'crossentropy'"),
        ({"loss": "huber"}, "loss", "unknown loss 'huber'"),
        ({"metrics": "accuracy"}, "metrics", "must be a list of names"),
        ({"metrics": ["acuracy"]}, "metrics.0", "did you mean 'accuracy'?"),
        ({"metrics": ["categorical_crossentropy"]}, "metrics.0", "unknown metric"),
        ({"metrics": [["accuracy"]]}, "metrics.0", "unknown metric"),
        ({"architecture": ["Dense"]}, "architecture.0.units", "Dense needs it"),
    ],
)
def test_bad_ones_are_named(change, parameter, words, digits_like):
    problems = parameters.check({**GOOD, **change}, digits_like)
    assert [problem.parameter for problem in problems] == [parameter]
    assert words in problems[0].message


def test_a_learning_rate_that_is_given_twice_is_refused(digits_like):
    twice = {"optimizer": {"name": "sgd", "learning_rate": 0.1}, "learning_rate": 0.2}
    problems = parameters.check({**GOOD, **twice}, digits_like)
    assert [problem.parameter for problem in problems] == ["learning_rate"]


def test_the_architecture_must_be_given(digits_like):
    problems = parameters.check({}, digits_like)
    assert [(problem.parameter, problem.message) for problem in problems] == [
        ("architecture", "is missing")
    ]


def test_no_framework_is_imported():
    code = (
        "import sys; from keras_cnn.plugin import plugin;"
        "from gridwright.contract import DataDescription;"
        "data = DataDescription('d', 'classification', 9, (8, 8), 'uint8', (0, 1));"
        "assert plugin.check({'architecture': ['Flatten'], 'optimizer': 'sgd'}, data) == [];"
        "print([name for name in ('numpy', 'keras', 'tensorflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
