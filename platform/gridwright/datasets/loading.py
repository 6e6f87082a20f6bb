"""From the `dataset` node of a configuration to the data set it means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets.catalogue import named_set
from gridwright.datasets.dataset import Dataset, read_only
from gridwright.datasets.settings import DatasetSettings
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping


def load(config: Mapping[str, Any]) -> Dataset:
    """Return the data set that the `dataset` node `config` names, cut to its `limit`.

    Raises:
        DatasetError: the node says something that cannot be, or the data is absent or damaged.
    """
    settings = DatasetSettings.of(config)
    dataset = named_set(settings.name).read(settings.name)
    if settings.limit is None or settings.limit >= len(dataset.x):
        return dataset
    return _limited(dataset, settings.limit, settings.split_seed)


def _limited(dataset: Dataset, limit: int, seed: int) -> Dataset:
    """Return `dataset` with `limit` of its samples, in their order, classes in proportion."""
    from sklearn.model_selection import train_test_split

    classes = dataset.classes
    if limit < len(classes):
        raise DatasetError(
            f"dataset.limit must be at least {len(classes)}, one sample for each class of "
            f"{dataset.name}, not {limit}"
        )
    # scikit-learn cannot divide off fewer samples than there are classes.
    stratify = dataset.y if classes and len(dataset.x) - limit >= len(classes) else None
    kept, _ = train_test_split(
        np.arange(len(dataset.x)), train_size=limit, random_state=seed, stratify=stratify
    )
    kept.sort()
    lost = set(classes).difference(dataset.y[kept].tolist()) if classes else None
    if lost:
        raise DatasetError(
            f"dataset.limit={limit} keeps no sample of class {min(lost)!r} of "
            f"{dataset.name}: raise it"
        )
    return replace(dataset, x=read_only(dataset.x[kept]), y=read_only(dataset.y[kept]))
