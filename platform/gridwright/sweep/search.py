"""Ray Tune runs a search: points come one by one, and what lags behind is stopped early."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ray
from ray import tune
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    MedianStoppingRule,
    TrialScheduler,
)
from ray.tune.search import Searcher

from gridwright.sweep.delivery import Delivery
from gridwright.sweep.epoch_worker import DATA, END, EPOCH, SCORE, SPEC, EpochTrainable, StopBoard
from gridwright.sweep.nodes import check_nodes
from gridwright.sweep.ray_tune import run_trials
from gridwright.sweep.trial_resources import check_resources, trial_resources, workers
from gridwright.sweep.tune_run import run_tune
from gridwright.sweep.worker import without_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.sweep.cluster import Cluster
    from gridwright.sweep.samplers import Sampler
    from gridwright.sweep.search_settings import SearchSettings
    from gridwright.sweep.search_space import Point

#: Points in a row that bring no new trial, after which a space counts as exhausted.
_PATIENCE = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """What becomes of a proposed point.

    Attributes:
        spec: the trial to run; None where nothing is to run.
        known: its score is known already, from a finished trial or from this search.
        score: that score; None for a trial that failed or cannot run.
    """

    spec: TrialSpec | None = None
    known: bool = False
    score: float | None = None


@dataclass
class Search:
    """A search and all that it needs to know of the outside.

    Attributes:
        settings: how points are chosen.
        sampler: chooses them.
        candidate: what becomes of a point; it may raise, which ends the search.
        data: the data of a trial, by its `dataset_key`.
        on_result: gets each result once, in this process.
        first: some trial of the space: every node must be able to run it.
        started: keys of trials so far, those of earlier processes included.
    """

    settings: SearchSettings
    sampler: Sampler
    candidate: Callable[[Point], Candidate]
    data: Mapping[str, TrialData]
    on_result: Callable[[TrialResult], None]
    first: TrialSpec
    started: set[str] = field(default_factory=set)

    def run(
        self, cluster: Cluster, resources: Mapping[str, Any], checkpoints: Checkpoints | None
    ) -> None:
        """Search until there is no point left, or a budget is used up.

        Raises:
            SweepError: the cluster cannot be used, or cannot ever hold one trial.
        """
        cluster.ready()
        wanted = trial_resources(resources)
        check_resources(wanted)
        check_nodes([self.first])
        points = PointSearcher(self)
        lost = self._tune(points, checkpoints, wanted, workers(wanted))
        if points.error is not None:
            raise points.error
        if lost:
            # Their workers died. Once more, one by one, as the trials of a grid.
            run_trials(
                lost,
                self.data,
                self.on_result,
                cpus_per_trial=resources["cpus"],
                gpus_per_trial=resources["gpus"],
                memory_per_trial=resources.get("memory"),
                cluster=cluster,
                checkpoints=checkpoints,
            )

    def _tune(
        self,
        points: PointSearcher,
        checkpoints: Checkpoints | None,
        resources: Mapping[str, float],
        n_workers: int,
    ) -> list[TrialSpec]:
        """Run Tune; return the trials whose worker was lost."""
        board = StopBoard.remote()  # type: ignore[attr-defined]  # what Ray's decorator adds
        delivery = Delivery(points.deliver)
        delivery.stop_score = self.settings.stop_score
        trainable = tune.with_parameters(
            EpochTrainable,
            report_epochs=self.settings.report_epochs(),
            checkpoints=checkpoints,
            board=board,
        )
        analysis = run_tune(
            trainable,
            delivery,
            resources,
            name="search",
            search_alg=points,
            scheduler=_WindingUp(_scheduler(self.settings), board),
            num_samples=-1,
            max_concurrent_trials=n_workers,
        )
        return [
            points.under_way[trial.trial_id]
            for trial in analysis.trials
            if trial.status == "ERROR" and trial.trial_id in points.under_way
        ]


class PointSearcher(Searcher):  # type: ignore[misc]  # ray ships no types
    """Gives Tune the trials of a search.

    Attributes:
        under_way: Tune's id -> the trial that has no result yet.
        error: what the outside raised; the search ends, and the caller raises it.
    """

    def __init__(self, search: Search) -> None:
        super().__init__(metric=SCORE, mode="max")
        self._search = search
        self._data: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self.under_way: dict[str, TrialSpec] = {}
        self.error: Exception | None = None
        self._end = math.inf

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """Return the configuration of Tune's next trial."""
        search = self._search
        limit, budget = search.settings.max_trials, search.settings.time_budget
        if budget is not None and math.isinf(self._end):
            # Not before now: a busy machine takes its time to start Tune.
            self._end = time.time() + budget
        for attempt in range(_PATIENCE if search.settings.search != "grid" else 10**9):
            if self.error is not None or time.time() >= self._end:
                break
            if limit is not None and len(search.started) >= limit:
                break
            name = f"{trial_id}-{attempt}"
            point = search.sampler.propose(name)
            if point is None:
                break
            try:
                spec = self._new_trial(point, name)
            except Exception as error:  # noqa: BLE001 - raised again by the caller
                self.error = error
                break
            if spec is not None:
                self.under_way[trial_id] = spec
                self._names[trial_id] = name
                return {SPEC: spec, DATA: self._reference(spec), END: self._end}
        return str(Searcher.FINISHED)

    def _new_trial(self, point: Point, name: str) -> TrialSpec | None:
        search = self._search
        candidate = search.candidate(point)
        spec = candidate.spec
        if spec is not None:
            fresh = spec.key not in search.started
            search.started.add(spec.key)
            if fresh and not candidate.known:
                return spec
        search.sampler.tell(name, candidate.score)
        return None

    def _reference(self, spec: TrialSpec) -> Any:
        if spec.dataset_key not in self._data:
            self._data[spec.dataset_key] = ray.put(self._search.data[spec.dataset_key])
        return self._data[spec.dataset_key]

    def deliver(self, result: TrialResult) -> None:
        """Hand a result on, once."""
        waiting = [one for one, spec in self.under_way.items() if spec.key == result.key]
        for trial_id in waiting:
            del self.under_way[trial_id]
            self._search.on_result(result)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the sampler the final score."""
        name = self._names.pop(trial_id, None)
        if name is None:
            return
        score = None if error or result is None else result.get(SCORE)
        if score is not None and not math.isfinite(score):
            score = None
        self._search.sampler.tell(name, score)

    def save(self, checkpoint_path: str) -> None:
        """Keep nothing: MLflow and the spool are the truth."""

    def restore(self, checkpoint_path: str) -> None:
        """Take nothing up: see `save`."""


class _WindingUp(FIFOScheduler):  # type: ignore[misc]  # ray ships no types
    """Lets a scheduler decide, and has the trials that it stops end by themselves."""

    def __init__(self, decides: TrialScheduler, board: Any) -> None:
        super().__init__()
        self._decides = decides
        self._board = board

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        self._decides.on_trial_add(tune_controller, trial)

    def on_trial_remove(self, tune_controller: Any, trial: Any) -> None:
        self._decides.on_trial_remove(tune_controller, trial)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        self._decides.on_trial_error(tune_controller, trial)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        decision = self._decides.on_trial_result(tune_controller, trial, without_payload(result))
        if decision == TrialScheduler.STOP:
            ray.get(self._board.add.remote(trial.config[SPEC].key))
        return str(TrialScheduler.CONTINUE)

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        if math.isfinite(result.get(SCORE, math.nan)):
            self._decides.on_trial_complete(tune_controller, trial, without_payload(result))
        else:
            self._decides.on_trial_remove(tune_controller, trial)


def _scheduler(settings: SearchSettings) -> TrialScheduler:
    common = {"time_attr": EPOCH, "metric": SCORE, "mode": "max"}
    grace, factor = settings.grace_epochs, settings.reduction_factor
    halving = {**common, "grace_period": grace, "reduction_factor": factor, "max_t": 10**9}
    makers: dict[str, Callable[[], TrialScheduler]] = {
        "none": FIFOScheduler,
        "asha": lambda: AsyncHyperBandScheduler(**halving),
        "hyperband": lambda: AsyncHyperBandScheduler(**halving, brackets=3),
        "median": lambda: MedianStoppingRule(**common, grace_period=grace),
    }
    return makers[settings.scheduler]()
