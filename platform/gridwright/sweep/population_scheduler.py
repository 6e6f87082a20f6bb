"""Ray Tune's population based training, as a population of trials needs it.

Members keep their own keys, nobody waits for one that has ended, and what Tune draws by chance is
seeded by the epoch, so that a population that is repeated comes to the same decisions.
"""

from __future__ import annotations

import math
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from ray import tune
from ray.tune.schedulers import PopulationBasedTraining, TrialScheduler

from gridwright.contract import Exploit
from gridwright.sweep.epoch_worker import END, EPOCH, SCORE, SPEC
from gridwright.sweep.population_worker import EXPLOITS
from gridwright.sweep.search_space import Choices
from gridwright.sweep.worker import without_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gridwright.contract import TrialSpec
    from gridwright.sweep.search_settings import SearchSettings
    from gridwright.sweep.search_space import Interval, Point

#: Keys of Tune's configuration: position of the member, and its point of the space.
MEMBER, POINT = "member", "point"


@dataclass(frozen=True, slots=True)
class Member:
    """One trial of a population, as it begins."""

    spec: TrialSpec
    point: Point


class PopulationScheduler(PopulationBasedTraining):  # type: ignore[misc]  # ray ships no types
    """Tune's, which leaves each member its own key, and waits for none that has ended.

    Args:
        settings: how often members are compared, and how much changes.
        members: the population as it begins.
        changing: the dimensions whose values may change.
        respec: a point -> the trial there; None where it cannot run.
        on_change: hears of the trial that a member is from now on.
    """

    def __init__(
        self,
        settings: SearchSettings,
        members: Sequence[Member],
        changing: Sequence[Choices | Interval],
        respec: Callable[[Point], TrialSpec | None],
        on_change: Callable[[TrialSpec], None],
    ) -> None:
        super().__init__(
            time_attr=EPOCH,
            metric=SCORE,
            mode="max",
            perturbation_interval=settings.perturbation_interval,
            hyperparam_mutations={POINT: {one.key: _distribution(one) for one in changing}},
            quantile_fraction=settings.quantile_fraction,
            resample_probability=settings.resample_probability,
            log_config=False,
            synch=True,
        )
        self._settings = settings
        self._members = members
        self._changing = changing
        self._respec = respec
        self._on_change = on_change
        self._end: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave all out of Tune's pickled record of the sweep, which nobody reads."""
        return {}

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Give a member its first trial."""
        member = self._members[trial.config[MEMBER]]
        budget = self._settings.time_budget
        if self._end is None:
            # Not before now: a busy machine takes its time to start Tune.
            self._end = math.inf if budget is None else time.time() + budget
        trial.config |= {
            SPEC: member.spec,
            POINT: dict(member.point),
            EXPLOITS: (),
            END: self._end,
        }
        super().on_trial_add(tune_controller, trial)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Decide after a part of a member; what it draws depends on seed and epoch only."""
        plain = without_payload(result)
        with _seeded(self._settings.seed, plain[EPOCH]):
            return str(super().on_trial_result(tune_controller, trial, plain))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Let the others go on."""
        super().on_trial_complete(tune_controller, trial, result)
        self._go_on_without(tune_controller, trial)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        """Let the others go on."""
        super().on_trial_error(tune_controller, trial)
        self._go_on_without(tune_controller, trial)

    def _go_on_without(self, tune_controller: Any, trial: Any) -> None:
        """Have nobody wait for a member that has ended, nor go on with its state."""
        state = self._trial_state[trial]
        state.last_score = None
        state.last_train_time = self._next_perturbation_sync
        waiting = [
            one
            for one in tune_controller.get_live_trials()
            if one is not trial
            and one.status == "PAUSED"
            and self._trial_state[one].last_train_time >= self._next_perturbation_sync
        ]
        if waiting:
            # Tune compares a population when a result comes, and the last one it waits for has
            # just ended.
            last = waiting[-1]
            decision = self.on_trial_result(
                tune_controller, last, self._trial_state[last].last_result
            )
            assert decision == TrialScheduler.NOOP, decision  # noqa: S101 - it is paused

    def _get_new_config(
        self, trial: Any, trial_to_clone: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        explored, operations = super()._get_new_config(trial, trial_to_clone)
        own, donor = trial.config, trial_to_clone.config
        changing = {one.key for one in self._changing}
        wanted = {
            **own[POINT],
            **{key: explored[POINT][key] for key in changing},
        }
        point = self._within(wanted)
        spec = self._respec(point)
        if spec is None:
            # Perturbed into what cannot run: the donor's own values can.
            point = {**own[POINT], **{key: donor[POINT][key] for key in changing}}
            spec = self._respec(point) or own[SPEC]
        spec = replace(spec, key=own[SPEC].key, index=own[SPEC].index)
        exploit = Exploit(
            epoch=self._trial_state[trial_to_clone].last_train_time,
            donor=donor[SPEC].key,
            donor_overrides=donor[SPEC].overrides,
            before=own[SPEC].overrides,
            after=spec.overrides,
        )
        self._on_change(spec)
        new = {**own, SPEC: spec, POINT: point, EXPLOITS: (*own[EXPLOITS], exploit)}
        return new, operations

    def _within(self, point: Point) -> Point:
        """Return the point, each number moved into its interval."""
        bounds = {one.key: one for one in self._changing if not isinstance(one, Choices)}
        return {
            key: min(max(value, bounds[key].low), bounds[key].high) if key in bounds else value
            for key, value in point.items()
        }


def _distribution(dimension: Choices | Interval) -> Any:
    if isinstance(dimension, Choices):
        return list(dimension.lines)
    low, high = dimension.low, dimension.high
    if dimension.whole:
        make = tune.lograndint if dimension.log else tune.randint
        return make(int(low), int(high) + 1)
    return (tune.loguniform if dimension.log else tune.uniform)(low, high)


@contextmanager
def _seeded(seed: int, epoch: int) -> Iterator[None]:
    """Have Tune draw the same for the same seed and epoch; the generators stay as they were."""
    before, before_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - what Tune uses
    random.seed(f"{seed} {epoch}")
    np.random.seed(random.getrandbits(32))  # noqa: NPY002 - as above
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(before_numpy)  # noqa: NPY002
