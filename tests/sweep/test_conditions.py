"""Conditions that drop cells: what they may say, and what they may not."""

import pytest

from gridwright.errors import ConfigurationError
from gridwright.sweep.conditions import Condition

CELL = {
    "seed": 3,
    "model": {
        "name": "m",
        "eta": 0.1,
        "mu": 0.9,
        "hidden_layer": [5, 5],
        "loss": None,
        "fast": True,
    },
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("model.eta >= 0.1 and model.mu > 0.5", True),
        ("model.eta > 0.1 or not model.fast", False),
        ("model.hidden_layer == [5, 5]", True),
        ("model.loss is null", True),
        ("model.loss == None and model.fast == true", True),
        ("model.name in ['a', 'b']", False),
        ("seed not in [1, 2]", True),
        ("0 < seed <= 3", True),
        ("seed % 2 == 1", True),
        ("model.eta * 10 - 1 == 0 and -seed == -3", True),
        ("5 in model.hidden_layer", True),
    ],
)
def test_a_condition(text, holds):
    assert Condition(text).holds(CELL) is holds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("model.eta >", "must be a condition such as .*, but got 'model.eta >': invalid syntax"),
        ("model.etta > 1", r"skip_if=model.etta > 1: a cell has no setting model.etta"),
        ("model.name == Tanh", "no setting Tanh; texts need quotes"),
        ("model.name > 1", "skip_if=model.name > 1: '>' not supported between"),
        ("__import__('os').system('true')", "is more than a condition may hold"),
        ("[x for x in model.hidden_layer]", "is more than a condition may hold"),
        ("model.hidden_layer[0] == 5", r"model.hidden_layer\[0\] is more than"),
        ("model.eta ** 9", "is more than a condition may hold"),
    ],
)
def test_what_is_no_condition_is_one_sentence(text, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        Condition(text).holds(CELL)
    assert "\n" not in str(caught.value)
