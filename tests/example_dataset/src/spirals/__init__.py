"""Points on intertwined spirals, one class an arm: the plugin.

This module is imported to check a command before anything runs. So that this stays quick, numpy
is imported (with `points.py`) only when the data is read.
"""

from gridwright.contract import DatasetArrays
from gridwright.errors import DatasetError

name = "spirals"
options = ("samples", "arms", "noise", "seed")  # the keys of spirals.yaml that are our own
published_test_part = False  # Gridwright divides one off


def _is_whole(value, least):
    # True and False are whole numbers in Python, and neither is an answer to "how many?".
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


# For each option: is the value good, and what must it be if not.
RULES = {
    "samples": (lambda value: _is_whole(value, 10), "must be a whole number of at least 10"),
    "arms": (lambda value: _is_whole(value, 2), "must be a whole number of at least 2"),
    "noise": (
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= 0,
        "must be a number of at least 0",
    ),
    "seed": (lambda value: _is_whole(value, 0), "must be a whole number of at least 0"),
}


def read(options):
    """Return all points; the same options give the same points."""
    for key, (is_good, rule) in RULES.items():
        if not is_good(options[key]):
            raise DatasetError(f"dataset.{key} {rule}, not {options[key]!r}")
    from spirals.points import points

    x, y = points(**options)
    return DatasetArrays(
        task="classification",
        x=x,
        y=y,
        feature_names=("east", "north"),
        target_names=("arm",),
        source="spirals.points",
    )
