"""The ranges that the YAML's comments tell are those that the plugin's check holds to."""

import re
from pathlib import Path

import pytest

import numpy_mlp
from gridwright.contract import DataDescription
from numpy_mlp.plugin import plugin

YAML = Path(numpy_mlp.__file__).parent / "conf" / "model" / "numpy-mlp.yaml"
DATA = DataDescription("d", "classification", 60, (8,), "float64", classes=(0, 1, 2))
TOLD = re.findall(
    r"^(\w+): .*# (?:.*; )?((?:at least|above) [^;]*)$", YAML.read_text(), re.MULTILINE
)
SMALL = 1e-9


def bounds(text):
    """Yield (value, whether it is good) from `at least 0, below 1` and the like."""
    for word, number in re.findall(r"(at least|above|below) (\d+)", text):
        edge = int(number)
        yield edge, word == "at least"
        if word == "below":
            yield edge - SMALL, True
        else:
            yield edge - 1, False
    if "null" in text:
        yield None, True


def test_most_parameters_tell_their_range():
    assert len(TOLD) >= 11


@pytest.mark.parametrize(("name", "text"), TOLD)
def test_a_range_is_what_is_checked(name, text):
    for value, good in bounds(text):
        given = [value] if name == "hidden_layer" else value
        problems = [one for one in plugin.check({name: given}, DATA) if one.parameter == name]
        assert (problems == []) is good, (name, given, problems)
