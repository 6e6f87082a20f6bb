"""One population of trials that go on from each other's states, to the report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gridwright.errors import InvalidTrials
from gridwright.population_plan import changing, comparisons, members_of
from gridwright.search_run import SearchRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.claims import ClaimResult
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.sweep import Cluster
    from gridwright.sweep.search_space import Point
    from gridwright.tracking import FinishedRun


class PopulationRun(SearchRun):
    """One population, from what an earlier process has trained of it to the report."""

    def _search(self, run_id: str, cluster: Cluster) -> None:
        from rich.console import Console

        from gridwright.progress import SweepProgress
        from gridwright.search_trials import cut_short
        from gridwright.sweep import OUT_OF_TIME_EPOCH, Population

        trials = self._trials
        members = members_of(trials)
        now = {one.spec.key: one.spec for one in members}
        known = now.keys() & self._session.finished().keys()
        print(self._opening(len(known)), flush=True)
        score = f"{self._record.rank_by}_score"
        total = len(members) - len(known)
        unfinished = now.keys() - known
        with SweepProgress(Console(stderr=True), total, score) as progress:

            def keep(result: TrialResult) -> None:
                spec = now[result.key]
                whole = result.failure is None or result.failure.kind == "diverged"
                if OUT_OF_TIME_EPOCH in result.metrics:
                    spec, result = cut_short(spec, result)
                elif whole:
                    unfinished.discard(result.key)
                self._keep(spec, result, trials.growing.data[spec.dataset_key], run_id)
                trials.growing.keep(spec)
                progress.advance(result)

            def change(spec: TrialSpec) -> None:
                now[spec.key] = spec

            population = Population(
                trials.settings,
                members,
                changing(trials),
                comparisons(trials),
                self._respec,
                trials.growing.data,
                change,
                keep,
                known,
            )
            if unfinished and self._checkpoints is not None:
                population.run(cluster, self._config["resources"], self._checkpoints)
        for key in known:
            trials.growing.keep(now[key])
        if not unfinished and self._checkpoints is not None:
            for key in now:
                self._checkpoints.discard(key)

    def _respec(self, point: Point) -> TrialSpec | None:
        """Return the trial of a point that was perturbed; None where it cannot run."""
        trials = self._trials
        try:
            spec = trials.spec(trials.space.overrides(point))
        except InvalidTrials:
            return None
        # By itself it is another trial: only the whole population repeats it.
        return replace(spec, command=self._record.command)

    def _settle(self, result: TrialResult) -> None:
        """Keep the checkpoint: an interrupted population is repeated from those of all members."""

    def _claimed(self, runs: Sequence[FinishedRun]) -> list[ClaimResult]:
        """Hold no claim against a trial whose parameters have changed on its way."""
        return super()._claimed([run for run in runs if not run.metrics.get("exploits")])
