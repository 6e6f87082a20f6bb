"""Small made-up pictures, and networks that train on them in a second."""

import numpy as np
import pytest
from gridwright.contract import DataDescription


def make_pictures(n=240, classes=("circle", "dot", "line"), seed=0):
    """Return noise (n, 12, 12) of bytes with one bright third for each class, and its label."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, len(classes), n)
    x = generator.integers(0, 100, (n, 12, 12), dtype=np.uint8)
    third = 12 // len(classes)
    for code in range(len(classes)):
        x[codes == code, code * third : (code + 1) * third] += 100
    return x, np.array(classes)[codes]


@pytest.fixture(scope="session")
def pictures():
    x, y = make_pictures()
    x.flags.writeable = y.flags.writeable = False
    return x, y


@pytest.fixture
def small():
    """Return a fresh small architecture that fits pictures."""
    return [
        {"layer": "Conv2D", "filters": 4, "kernel_size": 3, "activation": "relu"},
        {"layer": "MaxPooling2D"},
        "Flatten",
    ]


@pytest.fixture
def digits_like():
    """Return the description of grey pictures of 28 x 28 in 10 classes."""
    return DataDescription(
        "made_up", "classification", 100, (28, 28), "uint8", classes=tuple(range(10))
    )
