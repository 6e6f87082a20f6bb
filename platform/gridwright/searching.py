"""Searches of the command: points that are chosen as results come, budgets, early stopping."""

from __future__ import annotations

import json
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gridwright.application import Application
from gridwright.configured import open_session
from gridwright.errors import ConfigurationError, InvalidTrials
from gridwright.grid_run import GridRun

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.experiment import Experiment
    from gridwright.preflight import GrowingPlan
    from gridwright.sweep import Candidate, CellComposer, Cluster, SearchSettings, SearchSpace
    from gridwright.sweep.search_space import Point
    from gridwright.tracking import TrackingSession


class SearchingApplication(Application):
    """The application, which runs searches, too."""

    def search(self, space: SearchSpace, composer: CellComposer, settings: SearchSettings) -> None:
        """Run a search with Ray Tune, and end with leaderboard and champion."""
        from gridwright.experiment import Experiment
        from gridwright.preflight import check_cluster
        from gridwright.sweep import Cluster

        config = composer.cell(0, space.overrides(space.first)).config
        experiment = Experiment.of(config)
        if experiment.published_only or config["dry_run"]:
            raise ConfigurationError(
                "a search does not know its trials before it runs: leave out "
                f"{'dry_run=true' if config['dry_run'] else 'experiment.rows=published'}"
            )
        check_cluster(config["resources"])
        trials = SearchTrials(space, composer, settings, experiment)
        with (
            Cluster(config["resources"]["address"]) as cluster,
            open_session(config, trials.first_plan) as session,
        ):
            SearchRun(self.command, trials, session).run(cluster)


@dataclass
class SearchTrials:
    """Points of a space -> checked trials."""

    space: SearchSpace
    composer: CellComposer
    settings: SearchSettings
    experiment: Experiment

    def __post_init__(self) -> None:
        from gridwright.preflight import GrowingPlan, is_elsewhere

        config = self.composer.cell(0, self.space.overrides(self.space.first)).config
        self.growing: GrowingPlan = GrowingPlan(share=not is_elsewhere(config["resources"]))
        self.first = self.spec(self.space.overrides(self.space.first))

    @property
    def first_plan(self) -> Any:
        """A plan of one trial: what names the sweep before any other is known."""
        from gridwright.preflight import Plan

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
        # A trial that may be stopped early is not the trial of a grid, which is not.
        halving = [
            self.settings.scheduler,
            self.settings.grace_epochs,
            self.settings.reduction_factor,
        ]
        return replace(spec, key=_digest(spec.key, halving))

    def key_of_search(self) -> str:
        """Return what identifies the search: another budget continues it."""
        dimensions = [repr(one) for one in self.space.dimensions]
        settings = self.settings
        return _digest(self.first.key, [dimensions, settings.search, settings.seed])


def _digest(key: str, more: Any) -> str:
    return sha256(json.dumps([key, more]).encode()).hexdigest()


class SearchRun(GridRun):
    """One search, from the trials that an earlier process has finished to the report."""

    def __init__(self, command: str, trials: SearchTrials, session: TrackingSession) -> None:
        super().__init__(command, _whole(trials), trials.first_plan, session, trials.experiment)
        self._trials = trials
        settings = trials.settings
        parts = [settings.search, "" if settings.scheduler == "none" else settings.scheduler]
        self._kind = f"{' with '.join(part for part in parts if part)} search"
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
        try:
            self._search(run_id, cluster)
            session.drain()
        except BaseException as error:
            session.end_sweep("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise
        self._plan = self._trials.growing.plan
        if not self._plan.specs:
            session.end_sweep("FINISHED")
            print("No trial came to its end.")
            return
        self._record = replace(self._record, n_trials=len(self._plan.specs))
        self._raise_for(self._conclude(run_id))

    def _search(self, run_id: str, cluster: Cluster) -> None:
        from rich.console import Console

        from gridwright.plugins import load_model_plugin
        from gridwright.progress import SweepProgress
        from gridwright.sweep import Search, sampler_of

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
                data = trials.growing.data[spec.dataset_key]
                requirements = load_model_plugin(spec.model).requirements
                self._session.submit(spec, result, data, requirements, run_id)
                if self._checkpoints is not None:
                    self._checkpoints.settle(result)
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
