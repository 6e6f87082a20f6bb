"""Which rows are held out: seeded, stratified by class, whole groups, or the last in time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from gridwright.contract import Array
    from gridwright.datasets.dataset import Dataset
    from gridwright.datasets.settings import DatasetSettings

    Division = tuple[Array, Array]


def hold_out(dataset: Dataset, rows: Array, kind: str, settings: DatasetSettings) -> Division:
    """Return `rows` without the share called `<kind>_fraction`, and that share.

    Raises:
        DatasetError: a side is too small for the classes; names the key to change.
    """
    from sklearn.model_selection import train_test_split

    n_held_out = math.ceil(getattr(settings, f"{kind}_fraction") * len(rows))
    remedy = f"change dataset.{kind}_fraction or raise dataset.limit"
    if dataset.ordered or dataset.groups is not None:
        _check_counts(dataset, len(rows), n_held_out, kind, remedy, least=2)
        divided = (
            (rows[:-n_held_out], rows[-n_held_out:])
            if dataset.ordered
            else _groups_held_out(dataset, rows, n_held_out, settings.split_seed)
        )
        _check_classes(dataset, divided[0], kind)
        return divided
    places = np.arange(len(rows))
    single, several = _single(dataset, dataset.y[rows])
    y = dataset.y[rows[several]]
    least = len(np.unique(y)) if dataset.classes else 2
    # A class that has a sample for both sides is on both.
    n_held_out = max(n_held_out, least) if least <= len(y) // 2 else n_held_out
    n_alone = int(single.sum())
    _check_counts(dataset, len(y), n_held_out, kind, remedy, least=max(2, least), n_alone=n_alone)
    kept, held_out = train_test_split(
        places[several],
        test_size=n_held_out,
        random_state=settings.split_seed,
        stratify=y if dataset.classes else None,
    )
    return rows[np.concatenate([kept, places[single]])], rows[held_out]


def folds_of(dataset: Dataset, rows: Array, settings: DatasetSettings) -> list[Division]:
    """Return the training and the validation rows of each fold of a cross-validation.

    Positions count within `rows`. Folds in the order of time each train on what came before.

    Raises:
        DatasetError: there are fewer samples, groups or members of a class than folds.
    """
    from sklearn import model_selection as ms

    n, seed = settings.folds or 0, settings.split_seed
    y = dataset.y[rows]
    groups = None if dataset.groups is None else dataset.groups[rows]
    if dataset.ordered:
        splitter = ms.TimeSeriesSplit(n_splits=n)
        found, least, what = len(rows), n + 1, "samples"
    elif groups is not None:
        kind = ms.StratifiedGroupKFold if dataset.classes else ms.GroupKFold
        splitter = kind(n_splits=n, shuffle=True, random_state=seed)
        found, least, what = len(np.unique(groups)), n, "groups"
    elif dataset.classes:
        splitter = ms.StratifiedKFold(n_splits=n, shuffle=True, random_state=seed)
        labels, counts = np.unique(y, return_counts=True)
        found, least = int(counts.min()), n
        what = f"samples of class {labels.tolist()[int(counts.argmin())]!r}"
    else:
        splitter = ms.KFold(n_splits=n, shuffle=True, random_state=seed)
        found, least, what = len(rows), 2 * n, "samples"
    if found < least:
        most = found * n // least
        way = f"take at most {most} folds" if most > 1 else "add some, or leave those out"
        raise DatasetError(
            f"dataset.folds={n} needs at least {least} {what}, but the training part of "
            f"{dataset.name} has {found}: {way}"
        )
    divisions = list(splitter.split(np.zeros(len(rows)), y, groups))
    for kept, _ in divisions:
        _check_classes(dataset, rows[kept], "validation")
    return divisions


def _groups_held_out(dataset: Dataset, rows: Array, n_held_out: int, seed: int) -> Division:
    """Return a division by whole groups whose second part comes near to `n_held_out` samples."""
    groups: Array = dataset.groups[rows]  # type: ignore[index] # the caller has looked
    names, sizes = np.unique(groups, return_counts=True)
    if len(names) < 2:
        raise DatasetError(
            f"dataset.groups finds one group only in {dataset.name}: there must be two at least"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    passed = np.cumsum(sizes[order])
    count = int(np.abs(passed[:-1] - n_held_out).argmin()) + 1
    held_out = np.isin(groups, names[order[:count]])
    return rows[~held_out], rows[held_out]


def _check_classes(dataset: Dataset, kept: Array, kind: str) -> None:
    if not dataset.classes:
        return
    lost = set(dataset.classes).difference(dataset.y[kept].tolist())
    if lost:
        raise DatasetError(
            f"class {min(lost)!r} of {dataset.name} would only be in the {kind} part: the groups "
            f"or the order of time leave none to train on; change dataset.{kind}_fraction or "
            "dataset.split_seed"
        )


def _check_counts(
    dataset: Dataset,
    n: int,
    n_held_out: int,
    kind: str,
    remedy: str,
    *,
    least: int,
    n_alone: int = 0,
) -> None:
    # R2 is not defined on a single sample.
    if min(n - n_held_out, n_held_out) < least:
        alone = f" (leaving out {n_alone}, alone in their classes)" if n_alone else ""
        raise DatasetError(
            f"the {kind} part of {dataset.name} would get {n_held_out} of {n + n_alone} "
            f"samples{alone}, and both sides need at least {least}: {remedy}"
        )


def _single(dataset: Dataset, y: Array) -> tuple[Array, Array]:
    """Return which samples are the only ones of their class, to be trained on, and the others."""
    single = np.zeros(len(y), bool)
    if dataset.classes:
        _, places, counts = np.unique(y, return_inverse=True, return_counts=True)
        single = counts[places] == 1
    return single, ~single
