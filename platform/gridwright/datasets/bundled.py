"""Data sets that scikit-learn ships: iris and diabetes."""

from __future__ import annotations

import numpy as np

from gridwright.datasets.dataset import Dataset


def read(name: str) -> Dataset:
    """Return the data set `name`, which scikit-learn holds in its own package."""
    return {"iris": _iris, "diabetes": _diabetes}[name]()


def _iris() -> Dataset:
    from sklearn.datasets import load_iris

    bunch = load_iris()
    return Dataset.of_arrays(
        "iris",
        "classification",
        (bunch.data, np.asarray(bunch.target_names)[bunch.target]),
        feature_names=bunch.feature_names,
        target_names=["species"],
        source="scikit-learn, sklearn.datasets.load_iris",
    )


def _diabetes() -> Dataset:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes()
    return Dataset.of_arrays(
        "diabetes",
        "regression",
        (bunch.data, bunch.target),
        feature_names=bunch.feature_names,
        target_names=["progression"],
        source="scikit-learn, sklearn.datasets.load_diabetes",
    )
