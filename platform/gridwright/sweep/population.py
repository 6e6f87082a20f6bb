"""Population based training (Jaderberg et al. 2017, arXiv:1711.09846), as Ray Tune schedules it.

The members of a population train side by side. At set epochs, once all of them are there, the worst
go on with the state of one of the best, and with its parameters, perturbed. What Tune draws by
chance is seeded by the epoch: a population whose process was killed is repeated from what its
members' checkpoints hold, comes to the same decisions, and trains on from there.
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
from gridwright.sweep.delivery import Delivery
from gridwright.sweep.epoch_worker import END, EPOCH, SCORE, SPEC
from gridwright.sweep.failed import failed_result
from gridwright.sweep.nodes import check_nodes, check_shared
from gridwright.sweep.population_worker import EXPLOITS, MemberTrainable
from gridwright.sweep.search_space import Choices
from gridwright.sweep.trial_resources import check_resources, trial_resources
from gridwright.sweep.tune_run import run_tune
from gridwright.sweep.worker import without_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.sweep.cluster import Cluster
    from gridwright.sweep.search_settings import SearchSettings
    from gridwright.sweep.search_space import Interval, Point

#: Keys of Tune's configuration: position of the member, and its point of the space.
MEMBER, POINT = "member", "point"
#: Times that a part is tried again whose worker was lost.
_RETRIES = 2
_LOST = (
    f"its worker died {_RETRIES + 1} times in a row (its code ended the process, it was killed, or "
    "ran out of memory): if it is memory, run fewer trials at once with resources.cpus"
)


@dataclass(frozen=True, slots=True)
class Member:
    """One trial of a population, as it begins."""

    spec: TrialSpec
    point: Point


@dataclass
class Population:
    """A population and all that it needs to know of the outside.

    Attributes:
        settings: how often it is compared, and how much changes.
        members: its trials.
        changing: the dimensions whose values may change.
        ends: epochs after which members are compared, rising.
        respec: a point -> the trial there; None where it cannot run.
        data: by `TrialSpec.dataset_key`.
        on_change: hears of the trial that a member is from now on; its key stays.
        on_result: gets each result once, in this process.
        known: keys of the members whose result is kept already.
    """

    settings: SearchSettings
    members: Sequence[Member]
    changing: Sequence[Choices | Interval]
    ends: Sequence[int]
    respec: Callable[[Point], TrialSpec | None]
    data: Mapping[str, TrialData]
    on_change: Callable[[TrialSpec], None]
    on_result: Callable[[TrialResult], None]
    known: Collection[str] = ()

    def run(self, cluster: Cluster, resources: Mapping[str, Any], checkpoints: Checkpoints) -> None:
        """Train the population.

        Raises:
            SweepError: the cluster cannot be used, or cannot ever hold one trial.
        """
        cluster.ready()
        wanted = trial_resources(resources)
        check_resources(wanted)
        check_nodes([self.members[0].spec])
        check_shared(checkpoints.folder)
        waiting = {one.spec.key for one in self.members} - set(self.known)

        def deliver(result: TrialResult) -> None:
            # Tune may repeat a result after it has restored a worker.
            if result.key in waiting:
                waiting.remove(result.key)
                self.on_result(result)

        delivery = Delivery(deliver)
        delivery.stop_score = self.settings.stop_score
        self._tune(delivery, wanted, checkpoints)
        if not delivery.stopper.stop_now:
            for key in sorted(waiting):
                self.on_result(failed_result(key, _LOST))

    def _tune(
        self, delivery: Delivery, resources: Mapping[str, float], checkpoints: Checkpoints
    ) -> None:
        trainable = tune.with_parameters(
            MemberTrainable,
            data=dict(self.data),
            checkpoints=checkpoints,
            ends=tuple(self.ends),
            known=frozenset(self.known),
        )
        run_tune(
            trainable,
            delivery,
            resources,
            checkpoints.folder,  # every node reaches it, as the members' own states
            name="population",
            config={MEMBER: tune.grid_search(list(range(len(self.members))))},
            scheduler=_Scheduler(self),
            max_failures=_RETRIES,
        )


class _Scheduler(PopulationBasedTraining):  # type: ignore[misc]  # ray ships no types
    """Tune's, which leaves each member its own key, and waits for none that has ended."""

    def __init__(self, population: Population) -> None:
        settings = population.settings
        super().__init__(
            time_attr=EPOCH,
            metric=SCORE,
            mode="max",
            perturbation_interval=settings.perturbation_interval,
            hyperparam_mutations={
                POINT: {one.key: _distribution(one) for one in population.changing}
            },
            quantile_fraction=settings.quantile_fraction,
            resample_probability=settings.resample_probability,
            log_config=False,
            synch=True,
        )
        self._population = population
        self._end: float | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Leave all out of Tune's pickled record of the sweep, which nobody reads."""
        return {}

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        member = self._population.members[trial.config[MEMBER]]
        budget = self._population.settings.time_budget
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
        plain = without_payload(result)
        with _seeded(self._population.settings.seed, plain[EPOCH]):
            return str(super().on_trial_result(tune_controller, trial, plain))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        super().on_trial_complete(tune_controller, trial, result)
        self._go_on_without(tune_controller, trial)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
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
        changing = {one.key for one in self._population.changing}
        wanted = {
            **own[POINT],
            **{key: explored[POINT][key] for key in changing},
        }
        point = self._within(wanted)
        spec = self._population.respec(point)
        if spec is None:
            # Perturbed into what cannot run: the donor's own values can.
            point = {**own[POINT], **{key: donor[POINT][key] for key in changing}}
            spec = self._population.respec(point) or own[SPEC]
        spec = replace(spec, key=own[SPEC].key, index=own[SPEC].index)
        exploit = Exploit(
            epoch=self._trial_state[trial_to_clone].last_train_time,
            donor=donor[SPEC].key,
            donor_overrides=donor[SPEC].overrides,
            before=own[SPEC].overrides,
            after=spec.overrides,
        )
        self._population.on_change(spec)
        new = {**own, SPEC: spec, POINT: point, EXPLOITS: (*own[EXPLOITS], exploit)}
        return new, operations

    def _within(self, point: Point) -> Point:
        """Return the point, each number moved into its interval."""
        bounds = {one.key: one for one in self._population.changing if not isinstance(one, Choices)}
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
