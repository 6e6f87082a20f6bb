"""Ray Tune runs the trials: reused workers, packs of small trials, results handed on at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gridwright.sweep.batching import divide
from gridwright.sweep.cluster import Cluster
from gridwright.sweep.packs import packs
from gridwright.sweep.trial_resources import check_resources, trial_resources, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.sweep.worker import TrialFunction

    OnResult = Callable[[TrialResult], None]

#: Bytes by which a worker may grow. Keras leaves some 8 MB of graphs for each new network.
WORKER_GROWTH = 2**30

_LOST = (
    "its worker died twice while it ran (its code ended the process, it was killed, ran out of "
    "memory, or hung for twice resources.timeout): if it is memory, run fewer trials at once with "
    "resources.cpus"
)


def run_trials(
    specs: Sequence[TrialSpec],
    data: Mapping[str, TrialData],
    on_result: OnResult,
    *,
    cpus_per_trial: float = 1,
    gpus_per_trial: float = 0,
    memory_per_trial: float | None = None,
    cluster: Cluster | None = None,
    checkpoints: Checkpoints | None = None,
    trial_function: TrialFunction | None = None,
    worker_growth: int = WORKER_GROWTH,
) -> None:
    """Run every trial on the cluster; `on_result` gets each result once, in this process.

    A trial whose worker dies is tried once more by itself; if that worker dies, too, the trial
    has failed, and no other trial suffers.

    Args:
        specs: the trials.
        data: what they run on, by `TrialSpec.dataset_key`; sent once, shared by all workers.
        on_result: called in the order in which trials finish; what it raises ends the sweep.
        cpus_per_trial: CPU cores, and threads, of one trial.
        gpus_per_trial: GPUs of one trial; a fraction shares one.
        memory_per_trial: gigabytes that are kept for one trial; None takes no account of them.
        cluster: where to run; None starts Ray here and ends it afterwards.
        checkpoints: where trials leave their state as they run; None keeps none.
        trial_function: runs one trial in a worker; None takes `gridwright.trial.run_trial`.
        worker_growth: bytes; a worker that has grown by more gives way to a new one between two
            packs.

    Raises:
        SweepError: the cluster cannot be used, cannot ever hold one trial, or has a node without
            a plugin.
    """
    from gridwright.sweep.nodes import check_nodes  # imports ray

    own = cluster or Cluster()
    resources = trial_resources(
        {"cpus": cpus_per_trial, "gpus": gpus_per_trial, "memory": memory_per_trial}
    )
    try:
        own.ready()
        check_resources(resources)
        if trial_function is None:
            check_nodes(specs)
        sweep = _Sweep(
            specs, data, on_result, resources, trial_function or _with_plugin(checkpoints)
        )
        sweep.may_batch = trial_function is None
        sweep.run(workers(resources), worker_growth)
        # Whoever was in a lost worker's pack, or in the one that a grown worker declined: one at a
        # time, so that only the culprit is lost.
        sweep.run(n_workers=None)
        sweep.fail_the_rest()
    finally:
        if cluster is None:
            own.shutdown()


def _with_plugin(checkpoints: Checkpoints | None) -> TrialFunction:
    from gridwright.sweep.worker import run_with_plugin  # imports ray

    return partial(run_with_plugin, checkpoints=checkpoints)


class _Sweep:
    def __init__(
        self,
        specs: Sequence[TrialSpec],
        data: Mapping[str, TrialData],
        on_result: OnResult,
        resources: Mapping[str, float],
        trial_function: TrialFunction,
    ) -> None:
        self._specs = specs
        self._data = data
        self._on_result = on_result
        self._resources = resources
        self._trial_function = trial_function
        self._missing = {spec.key: spec for spec in specs}
        self.may_batch = False

    def run(self, n_workers: int | None, growth: int | None = None) -> None:
        """Run what is missing, in packs for `n_workers`, or one by one (None).

        Of a worker that has grown by more than `growth` bytes one pack stays undone.
        """
        if not self._missing:
            return
        from ray import tune

        from gridwright.sweep.delivery import Delivery
        from gridwright.sweep.tune_run import run_tune
        from gridwright.sweep.worker import PACK, PackTrainable

        todo = list(self._missing.values())
        batches, divided = self._divide(todo, n_workers)
        trainable = tune.with_parameters(
            PackTrainable,
            specs=todo,
            data=dict(self._data),
            trial_function=self._trial_function,
            growth=growth,
            batches=frozenset(map(tuple, batches)),
        )
        run_tune(
            trainable,
            Delivery(self._deliver),
            self._resources,
            name="sweep",
            config={PACK: tune.grid_search([*batches, *divided])},
        )

    def _divide(
        self, todo: Sequence[TrialSpec], n_workers: int | None
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Return the trials that are trained together, and the packs of the others."""
        if n_workers is None:
            return [], [[place] for place in range(len(todo))]
        batches: list[list[int]] = []
        alone = list(range(len(todo)))
        if self.may_batch:
            batches, alone = divide(todo, self._data, n_workers)
        return batches, [[alone[place] for place in pack] for pack in packs(len(alone), n_workers)]

    def fail_the_rest(self) -> None:
        """Give every trial that has no result by now a failure of its own."""
        from gridwright.sweep.failed import failed_result

        for key in list(self._missing):
            self._deliver(failed_result(key, _LOST))

    def _deliver(self, result: TrialResult) -> None:
        # Tune may repeat a result after it has restored a worker.
        if self._missing.pop(result.key, None) is not None:
            self._on_result(result)
