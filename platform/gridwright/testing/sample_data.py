"""Small made-up data sets of every kind that a model plugin may meet: for conformance tests."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets import Dataset, TrialData
from gridwright.datasets.splits import describe

if TYPE_CHECKING:
    from gridwright.contract import Array, Task

_N_TRAIN = 60
_N_VALIDATION = 30


@dataclass(frozen=True, slots=True)
class Kind:
    """What is predicted in a made-up data set.

    Attributes:
        task: classification or regression.
        labels: the classes; empty for a regression.
        n_outputs: columns of the target of a regression.
    """

    task: Task
    labels: tuple[Any, ...] = ()
    n_outputs: int = 1


KINDS = {
    "string labels": Kind("classification", ("ash", "birch", "oak")),
    "number labels": Kind("classification", (1, 2, 7)),
    "two classes": Kind("classification", ("no", "yes")),
    "one output": Kind("regression"),
    "two outputs": Kind("regression", n_outputs=2),
}


def sample_data(kind: Kind, sample_shape: tuple[int, ...], dtype: str) -> TrialData:
    """Return made-up data: separable clusters, or targets that are nearly linear in the samples.

    The same arguments return the same data. The arrays are read-only; there is no test part.

    Args:
        kind: what is predicted.
        sample_shape: shape of one sample.
        dtype: numpy's name of the type of the samples; integers lie between 0 and 255.
    """
    generator = np.random.default_rng(0)
    n = _N_TRAIN + _N_VALIDATION
    if kind.labels:
        codes = generator.permutation(np.arange(n) % len(kind.labels))
        centres = generator.normal(scale=2.0, size=(len(kind.labels), *sample_shape))
        x = centres[codes] + generator.normal(scale=0.5, size=(n, *sample_shape))
        y = np.array(kind.labels)[codes]
    else:
        x = generator.normal(size=(n, *sample_shape))
        weights = generator.normal(size=(prod(sample_shape), kind.n_outputs))
        y = x.reshape(n, -1) @ weights + generator.normal(scale=0.1, size=(n, kind.n_outputs))
        y = y[:, 0] if kind.n_outputs == 1 else y
    return _trial_data(Dataset.of_arrays("made_up", kind.task, (_typed(x, dtype), y)))


def _typed(x: Array, dtype: str) -> Array:
    if np.issubdtype(np.dtype(dtype), np.integer):
        x = np.clip(128 + 32 * x, 0, 255)
    typed: Array = x.astype(dtype)
    return typed


def _trial_data(dataset: Dataset) -> TrialData:
    x, _ = dataset.arrays
    return TrialData(
        description=describe(dataset, _N_TRAIN),
        digest=dataset.digest,
        source=dataset.source,
        x_train=x[:_N_TRAIN],
        y_train=dataset.y[:_N_TRAIN],
        x_validation=x[_N_TRAIN:],
        y_validation=dataset.y[_N_TRAIN:],
        x_test=None,
        y_test=None,
    )
