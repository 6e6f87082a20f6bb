"""Data sets that scikit-learn ships: iris and diabetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gridwright.datasets.dataset import Dataset

if TYPE_CHECKING:
    from gridwright.datasets.settings import DatasetSettings


def read(settings: DatasetSettings) -> Dataset:
    """Return the data set of that name, which scikit-learn holds in its own package."""
    return {"iris": _iris, "diabetes": _diabetes}[settings.source]()


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
