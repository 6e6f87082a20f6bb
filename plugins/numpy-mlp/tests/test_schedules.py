from itertools import pairwise

import numpy as np
import pytest

from numpy_mlp.errors import ParameterError
from numpy_mlp.schedules import SCHEDULES, schedule


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("Constant", [1, 1, 1, 1, 1]),
        ("StepDecay(0.5, 2)", [1, 1, 0.5, 0.5, 0.25]),
        ("ExponentialDecay(0.5)", [1, 0.5, 0.25, 0.125, 0.0625]),
        ("InverseTimeDecay(1)", [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]),
        ("CosineDecay(floor=0.5)", 0.5 + 0.25 * (1 + np.cos(np.pi * np.arange(5) / 5))),
    ],
)
def test_factors(wanted, expected):
    chosen = schedule(wanted)
    np.testing.assert_allclose([chosen.factor(epoch, 5) for epoch in range(5)], expected)


@pytest.mark.parametrize("name", SCHEDULES)
def test_starts_at_eta_and_never_grows(name):
    factors = [schedule(name).factor(epoch, 100) for epoch in range(100)]
    assert factors[0] == 1.0
    assert all(later <= earlier for earlier, later in pairwise(factors))


@pytest.mark.parametrize("wanted", ["StepDecay(0)", "StepDecay(0.5, 0)", "ExponentialDecay(1.1)"])
def test_out_of_range(wanted):
    with pytest.raises(ParameterError, match="must be a number"):
        schedule(wanted)
