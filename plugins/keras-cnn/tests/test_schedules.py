"""Learning-rate schedules in epochs, against Keras's in steps."""

from dataclasses import replace

import pytest

from keras_cnn import runtime, schedules
from keras_cnn.parameters import check

GOOD = {
    "CosineDecay": {
        "initial_learning_rate": 0.1,
        "decay_epochs": 4,
        "warmup_epochs": 0.5,
        "warmup_target": 0.2,
    },
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_epochs": 2, "t_mul": 2.0},
    "ExponentialDecay": {
        "initial_learning_rate": 0.1,
        "decay_epochs": 1,
        "decay_rate": 0.5,
        "staircase": True,
    },
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_epochs": 1, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundary_epochs": [1, 2.5], "values": [0.1, 0.01, 0.001]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_epochs": 3, "end_learning_rate": 0.01},
}


def checked(rate, data):
    parameters = {"architecture": ["Flatten"], "learning_rate": rate}
    return [(problem.parameter, problem.message) for problem in check(parameters, data)]


@pytest.mark.parametrize("name", schedules.SCHEDULES)
def test_a_schedule_is_keras_own_with_epochs_of_ten_steps(name, digits_like):
    choice = {"name": name, **GOOD[name]}
    assert checked(choice, digits_like) == []
    ours = schedules.schedule(choice, epochs=4, steps_per_epoch=10)
    in_steps = {
        "decay_epochs": "decay_steps",
        "first_decay_epochs": "first_decay_steps",
        "warmup_epochs": "warmup_steps",
        "boundary_epochs": "boundaries",
    }
    arguments = {
        in_steps.get(argument, argument): value
        if argument not in in_steps
        else [int(10 * epoch) for epoch in value]
        if isinstance(value, list)
        else int(10 * value)
        for argument, value in GOOD[name].items()
    }
    theirs = getattr(runtime.keras().optimizers.schedules, name)(**arguments)
    steps = [0, 4, 5, 11, 19, 26, 39]
    assert [float(ours(step)) for step in steps] == [float(theirs(step)) for step in steps]


def test_a_decay_takes_the_whole_training_unless_told():
    choice = {"name": "PolynomialDecay", "initial_learning_rate": 1.0, "end_learning_rate": 0.0}
    rate = schedules.schedule(choice, epochs=5, steps_per_epoch=4)
    assert [float(rate(step)) for step in (0, 10, 20)] == [1.0, 0.5, 0.0]
    warm = {
        "name": "CosineDecay",
        "initial_learning_rate": 0.0001,
        "warmup_epochs": 1,
        "warmup_target": 1.0,
    }
    rate = schedules.schedule(warm, epochs=5, steps_per_epoch=4)
    assert float(rate(4)) == pytest.approx(1.0)
    assert float(rate(20)) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("rate", "parameter", "words"),
    [
        (0, "learning_rate", "must be a number above 0, null, or a schedule"),
        ("fast", "learning_rate", "0.001}, but got 'fast'"),
        (
            {"name": "cosine"},
            "learning_rate",
            "unknown schedule 'cosine': choose one of CosineDecay, ",
        ),
        ({"initial_learning_rate": 1}, "learning_rate", "must be a name or a mapping with one"),
        ({"name": "CosineDecay"}, "learning_rate.initial_learning_rate", "CosineDecay needs it"),
        (
            {"name": "CosineDecay", "initial_learning_rate": 1, "decay_steps": 3},
            "learning_rate.decay_steps",
            "did you mean 'decay_epochs'?",
        ),
        (
            {"name": "PiecewiseConstantDecay", "boundary_epochs": [2, 1], "values": [1, 2, 3]},
            "learning_rate",
            "needs rising boundary_epochs and one value more",
        ),
        (
            {"name": "PiecewiseConstantDecay", "boundary_epochs": [], "values": [1]},
            "learning_rate.boundary_epochs",
            "a list of numbers above 0, but got []",
        ),
    ],
)
def test_what_is_wrong_is_named(rate, parameter, words, digits_like):
    ((where, message),) = checked(rate, replace(digits_like))
    assert where == parameter
    assert words in message


def test_a_network_trains_with_the_rate_of_its_schedule(pictures, small):
    from keras_cnn import CNN

    rate = {
        "name": "ExponentialDecay",
        "initial_learning_rate": 0.01,
        "decay_rate": 0.1,
        "decay_epochs": 1,
    }
    model = CNN(small, epochs=2, batch_size=60, learning_rate=rate, seed=0)
    model.fit(*pictures)  # 2 epochs of 4 steps
    optimizer = model.network.optimizer
    assert int(optimizer.iterations) == 8
    assert float(optimizer.learning_rate) == pytest.approx(0.01 * 0.1**2)
