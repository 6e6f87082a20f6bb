"""Population based training (Jaderberg et al. 2017, arXiv:1711.09846), as Ray Tune schedules it.

The members of a population train side by side. At set epochs, once all of them are there, the worst
go on with the state of one of the best, and with its parameters, perturbed. What Tune draws by
chance is seeded by the epoch: a population whose process was killed is repeated from what its
members' checkpoints hold, comes to the same decisions, and trains on from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ray import tune

from gridwright.sweep.delivery import Delivery
from gridwright.sweep.failed import failed_result
from gridwright.sweep.nodes import check_nodes, check_shared
from gridwright.sweep.population_scheduler import MEMBER, Member, PopulationScheduler
from gridwright.sweep.population_worker import MemberTrainable
from gridwright.sweep.trial_resources import check_resources, trial_resources
from gridwright.sweep.tune_run import run_tune

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.sweep.cluster import Cluster
    from gridwright.sweep.search_settings import SearchSettings
    from gridwright.sweep.search_space import Choices, Interval, Point

#: Times that a part is tried again whose worker was lost.
_RETRIES = 2
_LOST = (
    f"its worker died {_RETRIES + 1} times in a row (its code ended the process, it was killed, or "
    "ran out of memory): if it is memory, run fewer trials at once with resources.cpus"
)


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
            scheduler=PopulationScheduler(
                self.settings, self.members, self.changing, self.respec, self.on_change
            ),
            max_failures=_RETRIES,
        )
