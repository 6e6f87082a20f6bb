"""From the `dataset` node of a configuration to the data set it means."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets.catalogue import source_of
from gridwright.datasets.known_digests import stamp_of
from gridwright.datasets.settings import DatasetSettings
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array
    from gridwright.datasets.dataset import Dataset


def load(config: Mapping[str, Any], *, in_pieces: bool = False) -> Dataset:
    """Return the data set that the `dataset` node `config` names, cut to its `limit` or `fraction`.

    Args:
        config: what is read.
        in_pieces: the model takes samples that are larger than memory, in files that are mapped.

    Raises:
        DatasetError: the node says something that cannot be, or the data is absent or damaged.
    """
    settings = replace(DatasetSettings.of(config), in_pieces=in_pieces)
    began = time.time_ns()
    dataset = _kept_part(source_of(settings.source).read(settings), settings)
    return replace(dataset, stamp=dataset.stamp or stamp_of(dataset.source, settings, began))


def _kept_part(dataset: Dataset, settings: DatasetSettings) -> Dataset:
    limit, key = settings.limit, "limit"
    if settings.fraction is not None:
        limit, key = max(1, round(settings.fraction * len(dataset.x))), "fraction"
    if limit is None or limit >= len(dataset.x):
        return dataset
    return _limited(dataset, limit, key, settings)


def _limited(dataset: Dataset, limit: int, key: str, settings: DatasetSettings) -> Dataset:
    """Return `dataset` with `limit` of its samples, in their order, classes in proportion."""
    classes = dataset.classes
    said = f"dataset.{key}={getattr(settings, key):g}"
    if limit < len(classes):
        raise DatasetError(
            f"dataset.limit must be at least {len(classes)}, one sample for each class of "
            f"{dataset.name}, not {limit}"
            if key == "limit"
            else f"{said} keeps {limit} of {len(dataset.x)} samples of {dataset.name}, which has "
            f"{len(classes)} classes: raise it"
        )
    if dataset.ordered:
        # The past is left out: what is held out still follows what is trained on.
        return dataset.keep(np.arange(len(dataset.x) - limit, len(dataset.x)))
    kept = _kept(dataset, limit, settings.split_seed)
    lost = set(classes).difference(dataset.y[kept].tolist()) if classes else None
    if lost:
        raise DatasetError(
            f"{said} keeps no sample of class {min(lost)!r} of {dataset.name}: raise it"
        )
    return dataset.keep(kept)


def _kept(dataset: Dataset, limit: int, seed: int) -> Array:
    from sklearn.model_selection import train_test_split

    classes, rows = dataset.classes, np.arange(len(dataset.x))
    # scikit-learn cannot divide off fewer samples than there are classes, nor a class of one.
    divisible = bool(classes) and len(rows) - limit >= len(classes)
    if divisible and np.unique(dataset.y, return_counts=True)[1].min() < 2:
        divisible = False
    stratify = dataset.y if divisible else None
    kept, _ = train_test_split(rows, train_size=limit, random_state=seed, stratify=stratify)
    kept.sort()
    found: Array = kept
    return found
