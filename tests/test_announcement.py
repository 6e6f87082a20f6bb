from types import SimpleNamespace

import pytest

from gridwright.announcement import opening

SPECS = [SimpleNamespace(model="numpy-mlp", dataset="iris")] * 3


@pytest.mark.parametrize(
    ("todo", "settings", "sentence"),
    [
        (3, {}, "3 trials of numpy-mlp on iris."),
        (1, {}, "3 trials of numpy-mlp on iris: 2 are already finished, 1 are run now."),
        (
            0,
            {},
            ("3 trials of numpy-mlp on iris: all are already finished, none is run again "
            "(reuse=false runs them anew)."),
        ),
        (
            3,
            {"reuse": False},
            "3 trials of numpy-mlp on iris: all are run anew, as reuse=false asks.",
        ),
        (
            1,
            {"reuse": False, "recovered": 2},
            ("3 trials of numpy-mlp on iris: 2 are already finished in this sweep, which was "
            "interrupted, 1 are run now (2 were left to write by an interrupted command)."),
        ),
        (2, {"would": True, "mark": "(0.1 of the data)"},
         "3 trials of numpy-mlp on iris (0.1 of the data): 1 are already finished, 2 would be run."),
    ],
)  # fmt: skip
def test_opening(todo, settings, sentence):
    assert opening(SPECS, todo, **settings) == sentence
