"""Searches of the command: points that are chosen as results come, budgets, early stopping."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gridwright.application import Application
from gridwright.configured import forecasting, open_session, tracking_settings
from gridwright.errors import ConfigurationError, InvalidTrials
from gridwright.grid_run import GridRun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.claims import ClaimResult
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.experiment import Experiment
    from gridwright.search_trials import SearchTrials
    from gridwright.sweep import Candidate, CellComposer, Cluster, SearchSettings, SearchSpace
    from gridwright.sweep.search_space import Point
    from gridwright.tracking import FinishedRun, TrackingSession

#: Metrics of a trial that something stopped before its last epoch.
_ENDED_EARLY = {"stopped_epoch", "out_of_time_epoch"}
#: Trials that a forecast looks at where nothing says how many there will be.
_SAMPLE = 20


class SearchingApplication(Application):
    """The application, which runs searches, too."""

    def search(self, space: SearchSpace, composer: CellComposer, settings: SearchSettings) -> None:
        """Run a search with Ray Tune, and end with leaderboard and champion."""
        from gridwright.experiment import Experiment
        from gridwright.preflight import check_cluster
        from gridwright.search_trials import SearchTrials
        from gridwright.sweep import Cluster

        config = composer.cell(0, space.overrides(space.first)).config
        experiment = Experiment.of(config)
        _refuse_what_is_no_search(config, experiment, settings)
        trials = SearchTrials(space, composer, settings, experiment)
        if config["dry_run"]:
            show_search(config, trials)
            return
        check_cluster(config["resources"])
        with (
            Cluster(config["resources"]["address"]) as cluster,
            open_session(config, trials.first_plan) as session,
        ):
            SearchRun(self.command, trials, session).run(cluster)


def _refuse_what_is_no_search(
    config: Mapping[str, Any], experiment: Experiment, settings: SearchSettings
) -> None:
    if config["rerun"]:
        raise ConfigurationError("rerun= repeats one run: leave out -m and every list of values")
    if experiment.published_only:
        asked = [] if settings.search == "grid" else [f"hydra.sweeper.search={settings.search}"]
        asked += (
            []
            if settings.scheduler == "none"
            else [f"hydra.sweeper.scheduler={settings.scheduler}"]
        )
        raise ConfigurationError(
            "experiment.rows=published runs the rows of a published table, each to its end, so "
            f"there is nothing to search: leave it out, or leave out "
            f"{' and '.join(asked) or 'the budget of hydra.sweeper'}"
        )


def show_search(config: Mapping[str, Any], trials: SearchTrials) -> None:
    """Print what a search would do; nothing is started, and nothing is written.

    Raises:
        TrackingError: the store is there and cannot be read.
        InvalidTrials: a point cannot run.
    """
    from gridwright.forecast import WAIT_OF_DRY_RUN, said
    from gridwright.preflight import Plan
    from gridwright.search_preview import kind, space_text
    from gridwright.tracking import past_trials

    settings, first = trials.settings, trials.first
    sample = trials.sample(settings.max_trials or _SAMPLE)
    plan = Plan(sample, trials.growing.data)
    print(f"A {kind(settings)} of {first.model} on {first.dataset}.")
    print(space_text(trials.space, settings, f"{config['rank_by']}_score"))
    past = past_trials(tracking_settings(config, plan))
    with forecasting(config, plan) as under_way:
        forecast = under_way.finish(sample, past, wait=WAIT_OF_DRY_RUN) if under_way else None
    if forecast:
        if settings.max_trials is None:
            print(f"\nFor {len(sample)} trials of it, chosen by chance:")
        elif settings.scheduler != "none" or settings.time_budget is not None:
            print(f"\nFor {len(sample)} trials that nothing ends early:")
    if text := said(forecast, under_way):
        print(text)
    print("Nothing was started and nothing was written (dry_run=true).")


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
