"""Small made-up pictures, and networks that train on them in a second."""

import numpy as np
import pytest

from gridwright.contract import DataDescription


def pictures_of(n=240, classes=("circle", "dot", "line"), seed=0):
    """Return noise (n, 12, 12) of bytes with a bright band of rows for each class, and its label."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(0, len(classes), n)
    x = generator.integers(0, 100, (n, 12, 12), dtype=np.uint8)
    rows = 12 // len(classes)
    for code in range(len(classes)):
        x[codes == code, code * rows : (code + 1) * rows] += 100
    return x, np.array(classes)[codes]


@pytest.fixture(scope="session")
def pictures():
    x, y = pictures_of()
    x.flags.writeable = y.flags.writeable = False
    return x, y


@pytest.fixture(scope="session")
def make_pictures():
    return pictures_of


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
