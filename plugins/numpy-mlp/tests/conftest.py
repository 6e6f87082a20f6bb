"""Real data sets: iris from scikit-learn; the larger ones from the data folder beside the project."""

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split

SHARED = Path(__file__).resolve().parents[4] / "shared" / "datasets"


def published(*names):
    """Return the path of a data file, in the data folder or beside the project; skip if absent."""
    folders = [Path(os.environ["GRIDWRIGHT_DATA"])] if "GRIDWRIGHT_DATA" in os.environ else []
    candidates = [folder / name for folder in [*folders, SHARED] for name in names]
    found = [path for path in candidates if path.exists()]
    if not found:
        pytest.skip(f"{names[-1]} is neither in GRIDWRIGHT_DATA nor in {SHARED}")
    return found[0]


@pytest.fixture(scope="session")
def iris():
    """(x_train, x_test, y_train, y_test), labels as strings."""
    data = load_iris()
    return train_test_split(
        data.data,
        data.target_names[data.target],
        test_size=0.2,
        random_state=0,
        stratify=data.target,
    )


@pytest.fixture(scope="session")
def images():
    """Return the loader of a published set of images by name: (x_train, y_train, x_test, y_test)."""

    def load(name):
        with np.load(published(f"{name}.npz"), allow_pickle=False) as data:
            return tuple(data[part] for part in ("x_train", "y_train", "x_test", "y_test"))

    return load


@pytest.fixture(scope="session")
def statlog():
    """(x_train, y_train, x_test, y_test) of the Landsat pixels."""
    parts = [
        np.loadtxt(published(f"statlog/{name}", name), dtype=np.int64)
        for name in ("sat.trn", "sat.tst")
    ]
    return tuple(array for part in parts for array in (part[:, :-1], part[:, -1]))
