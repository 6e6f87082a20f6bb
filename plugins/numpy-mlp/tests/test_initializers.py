import math

import numpy as np
import pytest

from numpy_mlp.initializers import initializer


@pytest.mark.parametrize(
    ("wanted", "deviation"),
    [
        ("Normal", 0.3),
        ("Normal(0.2)", 0.2),
        ("He", math.sqrt(2 / 400)),
        ("Glorot", math.sqrt(2 / 700)),
    ],
)
def test_deviation(wanted, deviation):
    weight = np.empty((400, 300))
    initializer(wanted, beta=0.3).fill(weight, np.random.default_rng(0))
    assert weight.std() == pytest.approx(deviation, rel=0.01)
    assert abs(weight.mean()) < 0.01 * deviation


def test_both_precisions_start_from_the_same_numbers():
    single, double = np.empty((4, 3), np.float32), np.empty((4, 3))
    for weight in (single, double):
        initializer("He", beta=0.1).fill(weight, np.random.default_rng(0))
    np.testing.assert_array_equal(single, double.astype(np.float32))
