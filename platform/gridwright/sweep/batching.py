"""Which trials of a sweep are trained together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.plugins import load_model_plugin
from gridwright.trial_batch import batch_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import TrialSpec
    from gridwright.datasets import TrialData

#: Trials that are trained together at most: more gain little, and a lost worker would cost more.
LARGEST_BATCH = 16
#: Of the time that the trials of a batch would take one by one, a batch of so many takes
#: `_NUMBERS + (1 - _NUMBERS) / size`: its numbers, and the calls of one trial.
_NUMBERS = 0.25


def divide(
    specs: Sequence[TrialSpec], data: Mapping[str, TrialData], n_workers: int
) -> tuple[list[list[int]], list[int]]:
    """Return positions of the trials of each batch, and of those that run alone.

    A batch leaves every worker at least two of its kind, so that all of them have work.

    Args:
        specs: the trials.
        data: what they run on, by `TrialSpec.dataset_key`.
        n_workers: that share the trials.
    """
    largest = min(LARGEST_BATCH, len(specs) // (2 * max(1, n_workers)))
    groups: dict[str, list[int]] = {}
    alone: list[int] = []
    for place, spec in enumerate(specs):
        plugin = load_model_plugin(spec.model)
        key = None if largest < 2 else batch_key(spec, data[spec.dataset_key], plugin)
        (alone if key is None else groups.setdefault(key, [])).append(place)
    batches: list[list[int]] = []
    for places in groups.values():
        n_parts = -(-len(places) // largest)
        parts = [places[part::n_parts] for part in range(n_parts)]
        batches += [part for part in parts if len(part) > 1]
        alone += [place for part in parts if len(part) == 1 for place in part]
    return batches, sorted(alone)


def share_of_time(size: int) -> float:
    """Return what a trial of a batch takes, over what it would take alone; measured on Iris."""
    return _NUMBERS + (1 - _NUMBERS) / size
