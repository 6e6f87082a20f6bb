"""One search, from the trials that an earlier process has finished to the report."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gridwright.errors import InvalidTrials
from gridwright.grid_run import GridRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.claims import ClaimResult
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.search_trials import SearchTrials
    from gridwright.sweep import Candidate, Cluster
    from gridwright.sweep.search_space import Point
    from gridwright.tracking import FinishedRun, TrackingSession

#: Metrics of a trial that something stopped before its last epoch.
_ENDED_EARLY = {"stopped_epoch", "out_of_time_epoch"}


class SearchRun(GridRun):
    """One search, from the trials that an earlier process has finished to the report."""

    def __init__(self, command: str, trials: SearchTrials, session: TrackingSession) -> None:
        from gridwright.search_preview import kind

        super().__init__(command, _whole(trials), trials.first_plan, session, trials.experiment)
        self._trials = trials
        settings = trials.settings
        self._kind = kind(settings)
        name = self._record.name.partition(":")[0]
        self._record = replace(
            self._record,
            key=trials.key_of_search(),
            name=f"{name}: {self._kind} {trials.experiment.mark}".rstrip(),
            n_trials=settings.max_trials or 0,
        )

    def run(self, cluster: Cluster) -> None:
        """Search, then rank, report and promote."""
        session = self._session
        run_id = session.start_sweep(self._record)
        with self._under_way():
            self._search(run_id, cluster)
        self._plan = self._trials.growing.plan
        if not self._plan.specs:
            session.end_sweep("FINISHED")
            print("No trial came to its end.")
            return
        self._record = replace(self._record, n_trials=len(self._plan.specs))
        self._raise_for(self._conclude(run_id))

    def _search(self, run_id: str, cluster: Cluster) -> None:
        from rich.console import Console

        from gridwright.progress import SweepProgress
        from gridwright.search_trials import cut_short
        from gridwright.sweep import OUT_OF_TIME_EPOCH, Search, sampler_of

        trials, settings = self._trials, self._trials.settings
        known = self._finished_before(run_id)
        sampler = sampler_of(trials.space, settings, len(known))
        for spec, point in known:
            sampler.know(point, self._score(spec))
            trials.growing.keep(spec)
        print(self._opening(len(known)), flush=True)
        by_key: dict[str, TrialSpec] = {}
        limit = settings.max_trials
        score = f"{self._record.rank_by}_score"
        total = None if limit is None else max(0, limit - len(known))
        with SweepProgress(Console(stderr=True), total, score) as progress:

            def keep(result: TrialResult) -> None:
                spec = by_key[result.key]
                if OUT_OF_TIME_EPOCH in result.metrics:
                    # Its checkpoint stays for the day on which it goes on.
                    spec, result = cut_short(spec, result)
                self._keep(spec, result, trials.growing.data[spec.dataset_key], run_id)
                trials.growing.keep(spec)
                progress.advance(result)

            def candidate(point: Point) -> Candidate:
                found = self._candidate(point)
                if found.spec is not None:
                    by_key[found.spec.key] = found.spec
                return found

            search = Search(settings, sampler, candidate, trials.growing.data, keep, trials.first)
            search.started = {spec.key for spec, _ in known}
            if limit is None or len(known) < limit:
                search.run(cluster, self._config["resources"], self._checkpoints)

    def _candidate(self, point: Point) -> Candidate:
        from gridwright.sweep import Candidate

        trials = self._trials
        try:
            spec = trials.spec(trials.space.overrides(point))
        except InvalidTrials:
            if not trials.settings.drop_invalid:
                raise
            return Candidate()
        if spec.key in self._session.finished():
            trials.growing.keep(spec)
            return Candidate(spec, known=True, score=self._score(spec))
        return Candidate(spec)

    def _claimed(self, runs: Sequence[FinishedRun]) -> list[ClaimResult]:
        """Hold claims against the trials that came to their own end; what was not run is no row."""
        whole = [run for run in runs if not _ENDED_EARLY & run.metrics.keys()]
        return [one for one in super()._claimed(whole) if one.verdict != "not run"]

    def _score(self, spec: TrialSpec) -> float | None:
        (run,) = self._session.runs([spec.key])
        return None if run.failure else run.metrics.get(f"{self._record.rank_by}_score")

    def _finished_before(self, run_id: str) -> list[tuple[TrialSpec, Point]]:
        """Return the trials that an earlier process has finished, with their points."""
        trials = self._trials
        finished = self._session.finished()
        found: dict[str, tuple[TrialSpec, Point]] = {}
        for command in self._session.commands(run_id):
            overrides = shlex.split(command)[1:]
            point = trials.space.point(overrides)
            if point is None:
                continue
            # What is not valid any more, or of another version, is searched anew.
            with suppress(InvalidTrials):
                spec = trials.spec(overrides)
                if spec.key in finished:
                    found[spec.key] = spec, point
        return list(found.values())

    def _opening(self, known: int) -> str:
        settings, first = self._trials.settings, self._trials.first
        line = f"A {self._kind} of {first.model} on {first.dataset}"
        if settings.max_trials is not None:
            line += f", {settings.max_trials} trials"
        if settings.time_budget is not None:
            line += f", {settings.time_budget:g} s"
        if known:
            line += f": {known} are already finished, and go into it"
        return f"{line}."


def _whole(trials: SearchTrials) -> Any:
    """Return the whole configuration of a cell, with what is no part of a trial."""
    return trials.composer.cell(0, trials.space.overrides(trials.space.first)).config
