"""The trials of a search: a point of its space -> a checked trial, with a key of its own."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any

from gridwright.errors import InvalidTrials
from gridwright.preflight import GrowingPlan, Plan, is_elsewhere
from gridwright.sweep import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.experiment import Experiment
    from gridwright.sweep import CellComposer, SearchSettings, SearchSpace

#: Points among which one that can run is looked for, where others may be dropped.
_ATTEMPTS = 500


@dataclass
class SearchTrials:
    """Points of a space -> checked trials.

    Attributes:
        first: some trial of the space, which names the search before any other is known.
        growing: the trials that were kept so far.

    Raises:
        InvalidTrials: not even a first trial can run.
    """

    space: SearchSpace
    composer: CellComposer
    settings: SearchSettings
    experiment: Experiment

    def __post_init__(self) -> None:
        config = self.composer.cell(0, self.space.overrides(self.space.first)).config
        self.growing: GrowingPlan = GrowingPlan(share=not is_elsewhere(config["resources"]))
        self.first: TrialSpec = self._first()

    @property
    def first_plan(self) -> Plan:
        """A plan of one trial: what names the sweep before any other is known."""
        return Plan([self.first], self.growing.data)

    def spec(self, overrides: Sequence[str]) -> TrialSpec:
        """Return the trial of a cell.

        Raises:
            InvalidTrials: it cannot run.
        """
        cell = self.composer.cell(0, overrides)
        config = self.experiment.trial_config(cell.config)
        spec = self.growing.check(overrides, config)
        if self.settings.scheduler == "none":
            return spec
        if self.settings.scheduler == "pbt":
            # What a member becomes depends on all the others.
            return replace(spec, key=_digest(spec.key, self._population()))
        # A trial that may be stopped early is not the trial of a grid, which is not.
        halving = [
            self.settings.scheduler,
            self.settings.grace_epochs,
            self.settings.reduction_factor,
        ]
        return replace(spec, key=_digest(spec.key, halving))

    def sample(self, count: int) -> list[TrialSpec]:
        """Return up to `count` trials, spread over the space; those that cannot run are left out.

        Raises:
            InvalidTrials: one cannot run, and such points are not to be dropped.
        """
        found: dict[str, TrialSpec] = {}
        for point in islice(self.space.spread(self.settings.seed), 4 * count):
            try:
                spec = self.spec(self.space.overrides(point))
            except InvalidTrials:
                if not self.settings.drop_invalid:
                    raise
                continue
            found[spec.key] = spec
            if len(found) == count:
                break
        return list(found.values())

    def key_of_search(self) -> str:
        """Return what identifies the search: another budget continues it."""
        dimensions = [repr(one) for one in self.space.dimensions]
        settings = self.settings
        population = self._population() if settings.scheduler == "pbt" else []
        return _digest(self.first.key, [dimensions, settings.search, settings.seed, *population])

    def _population(self) -> list[Any]:
        settings = self.settings
        return [
            settings.scheduler,
            settings.search,
            settings.seed,
            settings.max_trials,
            settings.perturbation_interval,
            settings.quantile_fraction,
            settings.resample_probability,
            [repr(one) for one in self.space.dimensions],
        ]

    def _first(self) -> TrialSpec:
        if self.settings.drop_invalid:
            for point in islice(self.space.spread(0), _ATTEMPTS):
                with suppress(InvalidTrials):
                    return self.spec(self.space.overrides(point))
        try:
            return self.spec(self.space.overrides(self.space.first))
        except InvalidTrials as error:
            needed = self._whole_numbers_that_are_needed()
            if not needed:
                raise
            raise InvalidTrials(
                f"{error}\nAn interval gives fractions. For whole numbers write {needed}."
            ) from error

    def _whole_numbers_that_are_needed(self) -> str:
        """Return what to write for the intervals of which only whole numbers can run."""
        fractions = [one for one in self.space.dimensions if isinstance(one, Interval)]
        fractions = [
            one for one in fractions if not one.whole and one.as_whole.low < one.as_whole.high
        ]
        if not self._runs_with_whole(fractions):
            return ""
        needed = [
            one.as_whole.text
            for one in fractions
            if not self._runs_with_whole([other for other in fractions if other is not one])
        ]
        return " and ".join(needed)

    def _runs_with_whole(self, intervals: Sequence[Interval]) -> bool:
        space = replace(
            self.space,
            dimensions=tuple(
                one.as_whole if isinstance(one, Interval) and one in intervals else one
                for one in self.space.dimensions
            ),
        )
        try:
            self.spec(space.overrides(space.first))
        except InvalidTrials:
            return False
        return True


def cut_short(spec: TrialSpec, result: TrialResult) -> tuple[TrialSpec, TrialResult]:
    """Return a trial that the end of the time budget stopped, with a key that no other has.

    It is not the whole trial, and must not be taken for it by a sweep that comes later.
    """
    key = _digest(spec.key, [result.started_ms, len(result.epoch_ms)])
    return replace(spec, key=key), replace(result, key=key)


def _digest(key: str, more: Any) -> str:
    return sha256(json.dumps([key, more]).encode()).hexdigest()
