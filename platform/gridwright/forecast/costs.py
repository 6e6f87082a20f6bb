"""From the cells that were measured to what every cell will cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.forecast.selection import levels
from gridwright.plugins import footprint, load_model_plugin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.forecast.measured import Measured
    from gridwright.tracking import PastTrial

    Floats = np.ndarray[Any, np.dtype[np.float64]]

#: Weight of "a value makes no difference" against one cell that was measured.
_RIDGE = 0.1
#: What probing misses even where all probes agree: caches, clock rates, what else runs.
_LEAST_SPREAD = 0.06


@dataclass(frozen=True)
class Costs:
    """What the trials of a sweep will take.

    Attributes:
        seconds: CPU seconds of each trial, float64 `(n_trials,)`.
        spread: relative standard deviation of their sum.
        start: CPU seconds that a worker takes before its first trial.
        model_bytes: size of a stored model, on average.
        memory: bytes that a worker grows by.
        source: what they were derived from, in words.
    """

    seconds: Floats
    spread: float
    start: float
    model_bytes: float
    memory: int
    source: str


def from_probe(
    specs: Sequence[TrialSpec],
    data: Mapping[str, TrialData],
    measured: Sequence[Measured],
    probed: Sequence[int],
) -> Costs | None:
    """Return the costs that follow from measured cells; None if a model was not measured.

    The time of an epoch is taken for a product of factors, one for each setting's value: width and
    batch size do most, activation and optimizer some.

    Args:
        specs: all trials.
        data: by `TrialSpec.dataset_key`.
        measured: what was measured.
        probed: positions among `specs` of the cells that were to be probed.
    """
    if not measured or {specs[probed[one.index]].model for one in measured} != {
        spec.model for spec in specs
    }:
        return None
    rows = [probed[one.index] for one in measured]
    table = levels(specs)
    epochs = np.array([_epochs(spec, data) for spec in specs], np.float64)
    whole = np.array([one.epochs is None for one in measured])
    # A model without epochs counts as one that has a single one.
    each = np.array([one.fixed if one.epochs is None else one.each for one in measured])
    fixed = np.array([0.0 if one.epochs is None else one.fixed for one in measured])
    per_epoch, deviation = _extended(table, rows, each)
    fixed_of_all, _ = _extended(table, rows, np.maximum(fixed, 1e-6))
    seconds = per_epoch * epochs + np.where(whole.all(), 0.0, fixed_of_all)
    return Costs(
        seconds=seconds,
        spread=float(np.hypot(deviation / np.sqrt(len(rows)), _LEAST_SPREAD)),
        start=max(one.start for one in measured),
        model_bytes=float(np.mean([one.model_bytes for one in measured])),
        memory=max(one.memory for one in measured),
        source=f"a probe of {len(rows)} of {len(specs)} trials",
    )


def from_past(specs: Sequence[TrialSpec], past: Sequence[PastTrial]) -> Costs | None:
    """Return the costs that the nearest earlier trials suggest; None if there are too few."""
    from gridwright.tracking.params import as_typed

    usable = [trial for trial in past if not trial.failed and trial.metrics.get("fit_seconds")]
    same = {(trial.model, trial.data_digest) for trial in usable}
    if not usable or any((spec.model, spec.data_digest) not in same for spec in specs):
        return None
    seconds = []
    for spec in specs:
        typed = {name: as_typed(value) for name, value in spec.parameters.items()}
        alike = [
            (sum(trial.parameters.get(name) == value for name, value in typed.items()), trial)
            for trial in usable
            if (trial.model, trial.data_digest) == (spec.model, spec.data_digest)
        ]
        most = max(count for count, _ in alike)
        nearest = [trial.metrics["fit_seconds"] for count, trial in alike if count == most]
        seconds.append(float(np.mean(nearest)))
    return Costs(
        seconds=np.array(seconds),
        spread=0.2,
        start=0.0,
        model_bytes=0.0,
        memory=0,
        source=f"{len(usable)} earlier trials",
    )


def _epochs(spec: TrialSpec, data: Mapping[str, TrialData]) -> int:
    plugin = load_model_plugin(spec.model)
    told = footprint(plugin, spec.parameters, data[spec.dataset_key].description)
    return 1 if told is None or told.epochs is None else told.epochs


def _extended(table: Any, rows: Sequence[int], values: Floats) -> tuple[Floats, float]:
    """Return a value for every row of `table`, and the relative deviation of single ones.

    Ridge regression of the logarithm on the settings' values; a value that was not measured makes
    no difference.
    """
    logarithms = np.log(np.maximum(values, 1e-9))
    mean = float(logarithms.mean())
    columns = [
        (table[:, column] == level).astype(np.float64)
        for column in range(table.shape[1])
        for level in np.unique(table[rows, column])
    ]
    if not columns or len(rows) < 2:
        return np.full(len(table), np.exp(mean)), 0.3 if len(table) > 1 and columns else 0.0
    design = np.stack(columns, axis=1)
    known = design[rows]
    # As many unknowns as measurements would be solved, not as many as there are values.
    gram = known @ known.T + _RIDGE * np.eye(len(rows))
    weights = known.T @ np.linalg.solve(gram, logarithms - mean)
    inverse = np.linalg.inv(gram)
    left_out = (inverse @ (logarithms - mean)) / np.diag(inverse)
    found = np.exp(mean + design @ weights)
    # The mean of logarithms is less than the logarithm of the mean: keep the sum of what is known.
    found *= values.sum() / found[rows].sum()
    return found, float(np.sqrt(np.mean(left_out**2)))
