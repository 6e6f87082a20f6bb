"""Divides a data set into the parts of a trial: seeded, and stratified by class."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import DataDescription
from gridwright.datasets.dataset import Dataset, read_only
from gridwright.datasets.settings import DatasetSettings
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array, RankBy

    Part = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class TrialData:
    """What a trial trains and is measured on; its arrays are read-only.

    Attributes:
        description: what a plugin may know before it sees the data.
        digest: of the whole data set, so that trials on different splits share their lineage.
        source: where the data came from.
        x_train: samples that are trained on, `(n_train, *sample_shape)`.
        y_train: their targets.
        x_validation: samples that each epoch is scored on: held out of the training part, or
            the test part itself when trials are ranked by it. None where there is neither.
        y_validation: their targets.
        x_test: samples of the test part; None where there is none.
        y_test: their targets.
    """

    description: DataDescription
    digest: str
    source: str
    x_train: Array
    y_train: Array
    x_validation: Array | None
    y_validation: Array | None
    x_test: Array | None
    y_test: Array | None


def split(dataset: Dataset, config: Mapping[str, Any], rank_by: RankBy) -> TrialData:
    """Return the parts of `dataset` that the `dataset` node `config` asks for.

    With `rank_by` "validation", a share of the training part is held out. With "test", all of it
    is trained on, and the validation part is the test part: the same arrays.

    Raises:
        DatasetError: a part is missing, or too small for the classes; names the key to change.
    """
    return divide(dataset, DatasetSettings.of(config), rank_by)


def divide(dataset: Dataset, settings: DatasetSettings, rank_by: RankBy) -> TrialData:
    """Return the parts of `dataset` as `split` does, for any data set and checked settings.

    Raises:
        DatasetError: a part is missing, or too small for the classes; names the key to change.
    """
    train, test = _test_part(dataset, settings)
    if rank_by == "test":
        if test is None:
            raise DatasetError(
                f"rank_by=test needs a test part of {dataset.name}: set dataset.test_fraction"
            )
        validation = test
    else:
        if settings.validation_fraction is None:
            raise DatasetError(
                "rank_by=validation needs a validation part: set dataset.validation_fraction"
            )
        train, validation = _hold_out(dataset, train, "validation", settings)
    x_test, y_test = test or (None, None)
    return TrialData(
        description=describe(dataset, n_train=len(train[0])),
        digest=dataset.digest,
        source=dataset.source,
        x_train=train[0],
        y_train=train[1],
        x_validation=validation[0],
        y_validation=validation[1],
        x_test=x_test,
        y_test=y_test,
    )


def _test_part(dataset: Dataset, settings: DatasetSettings) -> tuple[Part, Part | None]:
    whole = dataset.x, dataset.y
    if dataset.x_test is not None and dataset.y_test is not None:
        return whole, (dataset.x_test, dataset.y_test)
    if settings.test_fraction is None:
        return whole, None
    return _hold_out(dataset, whole, "test", settings)


def _hold_out(
    dataset: Dataset, part: Part, kind: str, settings: DatasetSettings
) -> tuple[Part, Part]:
    """Return `part` without the share called `<kind>_fraction`, and that share."""
    from sklearn.model_selection import train_test_split

    x, y = part
    n_held_out = math.ceil(getattr(settings, f"{kind}_fraction") * len(x))
    _check_sizes(dataset, y, n_held_out, kind)
    kept, held_out = train_test_split(
        np.arange(len(x)),
        test_size=n_held_out,
        random_state=settings.split_seed,
        stratify=y if dataset.classes else None,
    )
    return (
        (read_only(x[kept]), read_only(y[kept])),
        (read_only(x[held_out]), read_only(y[held_out])),
    )


def _check_sizes(dataset: Dataset, y: Array, n_held_out: int, kind: str) -> None:
    n_kept = len(y) - n_held_out
    remedy = f"change dataset.{kind}_fraction or raise dataset.limit"
    # R2 is not defined on a single sample.
    least = len(dataset.classes) or 2
    if min(n_kept, n_held_out) < least:
        raise DatasetError(
            f"the {kind} part of {dataset.name} would get {n_held_out} of {len(y)} samples, and "
            f"both sides need at least {least}: {remedy}"
        )
    if not dataset.classes:
        return
    labels, counts = np.unique(y, return_counts=True)
    rare = set(dataset.classes).difference(labels[counts >= 2].tolist())
    if rare:
        raise DatasetError(
            f"class {min(rare)!r} of {dataset.name} has fewer than 2 of the {len(y)} samples that "
            f"the {kind} part is taken from: {remedy}"
        )


def describe(dataset: Dataset, n_train: int) -> DataDescription:
    """Return what a plugin may know of `dataset` when it trains on `n_train` of its samples."""
    return DataDescription(
        name=dataset.name,
        task=dataset.task,
        n_train=n_train,
        sample_shape=tuple(dataset.x.shape[1:]),
        dtype=dataset.x.dtype.name,
        classes=dataset.classes,
        n_outputs=1 if dataset.y.ndim == 1 else dataset.y.shape[1],
        feature_names=dataset.feature_names,
        target_names=dataset.target_names,
    )
