"""What the command does: the composition root, the one module that may import everything.

A grid goes through `Application.sweep`, one run through `Application.__call__`; both use the
same checks, the same trial and the same writer.
"""

from __future__ import annotations

import os
import shlex
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING, Any

from gridwright import __version__
from gridwright.configuration_places import Places
from gridwright.errors import ConfigurationError, TrialFailed
from gridwright.passwords import without_passwords

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

    from gridwright.checkpoints import Checkpoints
    from gridwright.claims import ClaimResult
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.errors import GridwrightError
    from gridwright.experiment import Experiment
    from gridwright.forecast import ForecastUnderWay
    from gridwright.preflight import Plan
    from gridwright.sweep import Cell, Cluster
    from gridwright.tracking import (
        FinishedRun,
        PromotionOutcome,
        ReportTable,
        SweepRecord,
        TrackingSession,
        TrackingSettings,
    )


class Application:
    """What Hydra calls: with one configuration, or with all cells of a grid.

    Attributes:
        command: the command line, to be typed again.
        error: why a single run failed, in a sentence.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.command = without_passwords(shlex.join(["gridwright", *arguments]))
        self._places = Places(arguments)
        self.error: GridwrightError | None = None

    def __call__(self, configuration: DictConfig) -> None:
        """Run one trial, without Ray, and keep the sentence that says why it failed, if it did.

        Hydra would print a headline of its own over an exception that leaves its job.
        """
        from gridwright.composition_errors import explain

        try:
            self._run(configuration)
        except Exception as error:
            self.error = explain(error)
            if self.error is None:
                raise

    def sweep(self, cells: Sequence[Cell], configuration: DictConfig) -> None:
        """Run every cell of a grid with Ray Tune, and end with leaderboard and champion."""
        from gridwright.announcement import data_notes
        from gridwright.experiment import Experiment
        from gridwright.preflight import check_cluster, plan_trials
        from gridwright.sweep import Cluster

        if cells[0].config["rerun"]:
            raise ConfigurationError(
                "rerun= repeats one run: leave out -m and every list of values"
            )
        experiment = Experiment.of(cells[0].config)
        cells = experiment.select(cells)
        # Every cell has its own copy of what the sweep is told as a whole.
        config = cells[0].config
        plan = plan_trials(
            [(cell.overrides, cell.config) for cell in cells],
            drop_invalid=configuration.hydra.sweeper.invalid.name == "drop",
            check_machine=True,
            where=self._places.of_cause,
        )
        if plan.left_out:
            print(f"{plan.left_out}\n")
        print(data_notes(plan.data.values()), end="")
        if config["dry_run"]:
            show(config, plan, experiment.mark)
            return
        check_cluster(config["resources"])
        # Cells are probed and Ray starts while MLflow is imported and its store is opened.
        with (
            forecasting(config, plan) as forecast,
            Cluster(config["resources"]["address"]) as cluster,
            ExitStack() as opened,
        ):
            if config["resources"]["address"]:
                cluster.ready()  # nothing is made for a sweep that has nowhere to run
            session = opened.enter_context(open_session(config, plan))
            GridRun(self.command, config, plan, session, experiment, forecast=forecast).run(cluster)

    def _run(self, configuration: DictConfig) -> None:
        from hydra.core.hydra_config import HydraConfig

        from gridwright.announcement import data_notes
        from gridwright.experiment import Experiment
        from gridwright.preflight import plan_trials
        from gridwright.sweep import resolved

        config = resolved(configuration)
        if config["rerun"]:
            rerun(config)
            return
        experiment = Experiment.of(config)
        config = experiment.trial_config(config)
        # As Ray does for its workers; TensorFlow reads it when it starts.
        os.environ.setdefault("OMP_NUM_THREADS", str(config["resources"]["cpus"]))
        plan = plan_trials(
            [(list(HydraConfig.get().overrides.task), config)], where=self._places.of_cause
        )
        print(data_notes(plan.data.values()), end="")
        if config["dry_run"]:
            show(config, plan, experiment.mark)
            return
        with open_session(config, plan) as session:
            run_single(plan, session)


def rerun(config: Mapping[str, Any]) -> None:
    """Repeat the run that the configuration names, and print how the two compare.

    Raises:
        NotReproduced: a number differs.
        TrackingError: there is no such run.
    """
    from gridwright.repetition import repeat
    from gridwright.tracking import RecordedRun, TrackingSettings, capture

    tracking = config["tracking"]
    settings = TrackingSettings.resolve(tracking["uri"], None, "", tracking["spool"])
    print(repeat(RecordedRun.read(settings, config["rerun"]), capture()))


def open_session(config: Mapping[str, Any], plan: Plan) -> TrackingSession:
    """Open the tracking that a configuration asks for.

    Raises:
        TrackingError: the store or the spool cannot be used.
    """
    from gridwright.preflight import check_storage
    from gridwright.tracking import TrackingSession

    settings = tracking_settings(config, plan)
    check_storage(settings.uri, settings.database, settings.own_spool)
    return TrackingSession.open(settings)


def tracking_settings(config: Mapping[str, Any], plan: Plan) -> TrackingSettings:
    """Return where the runs of a plan are kept.

    The experiment of MLflow is named after the data unless the configuration names it.
    """
    from gridwright.tracking import TrackingSettings

    tracking = config["tracking"]
    return TrackingSettings.resolve(
        uri=tracking["uri"],
        artifacts=tracking["artifacts"],
        experiment_name=tracking["experiment_name"] or "+".join(plan.datasets),
        spool=tracking["spool"],
        patience=tracking["patience"],
        retry_interval=tracking["retry_interval"],
    )


def forecasting(
    config: Mapping[str, Any], plan: Plan
) -> AbstractContextManager[ForecastUnderWay | None]:
    """Begin the forecast of a sweep, in the background, unless the configuration does without."""
    from gridwright.forecast import ForecastUnderWay

    if not config["forecast"]:
        return nullcontext()
    database = tracking_settings(config, plan).database
    return ForecastUnderWay(
        plan.specs, plan.data, config["resources"], None if database is None else database.parent
    )


def show(config: Mapping[str, Any], plan: Plan, mark: str) -> None:
    """Print what a command would do; nothing is started, and nothing is written.

    Raises:
        TrackingError: the store is there and cannot be read.
    """
    from gridwright.announcement import opening
    from gridwright.dry_run import grid_text
    from gridwright.forecast import sentence
    from gridwright.tracking import past_trials

    past = past_trials(tracking_settings(config, plan)) if config["reuse"] else []
    finished = {trial.key for trial in past}
    todo = [spec for spec in plan.specs if spec.key not in finished]
    print(opening(plan.specs, len(todo), reuse=config["reuse"], mark=mark, would=True))
    print(grid_text(plan.specs, finished))
    with forecasting(config, plan) as under_way:
        forecast = under_way and under_way.finish(todo, past, wait=30)
    if forecast:
        print(sentence(forecast))
    elif under_way and under_way.silence:
        print(f"No forecast: {under_way.silence}.")
    print("Nothing was started and nothing was written (dry_run=true).")


def checkpoints_of(config: Mapping[str, Any], session: TrackingSession) -> Checkpoints | None:
    """Return where trials leave their state as they run: beside the spool."""
    from gridwright.checkpoints import Checkpoints

    seconds = config["resources"]["checkpoint_seconds"]
    if seconds is None:
        return None
    return Checkpoints(session.store.settings.own_spool.absolute() / "checkpoints", seconds)


def run_single(plan: Plan, session: TrackingSession) -> None:
    """Run the only trial of `plan` here, or take it over from MLflow; promote it if it earned it.

    Raises:
        TrialFailed: the trial failed; its run is recorded.
        TrackingError: its stored model does not repeat its predictions; its run is recorded.
    """
    from gridwright import conclusion
    from gridwright.plugins import load_model_plugin
    from gridwright.tracking import promote
    from gridwright.trial import run_trial

    (spec,) = plan.specs
    data = plan.data[spec.dataset_key]
    if spec.config["reuse"] and spec.key in session.finished():
        print("This trial is already finished: nothing was run.")
    else:
        plugin = load_model_plugin(spec.model)
        checkpoints = checkpoints_of(spec.config, session)
        result = run_trial(spec, data, plugin, checkpoints=checkpoints)
        session.submit(spec, result, data, plugin.requirements)
        if checkpoints is not None:
            checkpoints.settle(result)
        session.drain()
    (run,) = session.runs([spec.key])
    if run.failure is not None:
        print(conclusion.of_run(run, session.store.settings))
        where = f" in epoch {run.failure.epoch}" if run.failure.epoch else ""
        raise TrialFailed(f"the trial failed{where}: {run.failure.reason}")
    outcome = promote(
        session.store,
        [run],
        model_name=spec.dataset,
        rank_by=spec.rank_by,
        mode=spec.config["promote"],
    )
    print(conclusion.of_run(run, session.store.settings, outcome))


class GridRun:
    """One grid, from what MLflow holds of it already to the report."""

    def __init__(
        self,
        command: str,
        config: Mapping[str, Any],
        plan: Plan,
        session: TrackingSession,
        experiment: Experiment,
        *,
        forecast: ForecastUnderWay | None = None,
    ) -> None:
        self._config = config
        self._plan = plan
        self._session = session
        self._experiment = experiment
        self._checkpoints = checkpoints_of(config, session)
        self._forecast = forecast
        self._record = _record(command, config, plan, experiment.mark)

    def run(self, cluster: Cluster) -> None:
        """Run the trials that MLflow does not hold yet, then rank, report and promote."""
        from gridwright.announcement import opening
        from gridwright.forecast import comparison, sentence
        from gridwright.tracking import PastTrial

        session = self._session
        run_id = session.start_sweep(self._record)
        finished = session.finished()
        todo = [spec for spec in self._plan.specs if spec.key not in finished]
        if self._checkpoints is not None:
            # A process may have died between the result of a trial and the end of its checkpoint.
            for key in finished:
                self._checkpoints.discard(key)
        reuse, mark = self._config["reuse"], self._experiment.mark
        print(
            opening(
                self._plan.specs, len(todo), reuse=reuse, recovered=session.recovered, mark=mark
            )
        )
        forecast = self._forecast and self._forecast.finish(
            todo, [PastTrial.of(run) for run in finished.values()], wait=4
        )
        if forecast:
            print(sentence(forecast), flush=True)
        elif self._forecast and self._forecast.silence:
            print(f"No forecast: {self._forecast.silence}.", flush=True)
        begun = time.monotonic()
        try:
            if todo:
                self._run_trials(todo, run_id, cluster)
            session.drain()
        except BaseException as error:
            session.end_sweep("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise
        failed = self._conclude(run_id)
        if forecast:
            print(comparison(forecast, time.monotonic() - begun))
        if failed and self._config["strict"]:
            total = len(self._plan.specs)
            raise TrialFailed(f"{failed} of {total} trials failed (strict=true)")

    def _run_trials(self, todo: Sequence[TrialSpec], run_id: str, cluster: Cluster) -> None:
        from rich.console import Console

        from gridwright.plugins import load_model_plugin
        from gridwright.progress import SweepProgress
        from gridwright.sweep import run_trials

        specs = {spec.key: spec for spec in todo}
        score = f"{self._record.rank_by}_score"
        with SweepProgress(Console(stderr=True), len(todo), score) as progress:

            def keep(result: TrialResult) -> None:
                spec = specs[result.key]
                data = self._plan.data[spec.dataset_key]
                requirements = load_model_plugin(spec.model).requirements
                self._session.submit(spec, result, data, requirements, run_id)
                if self._checkpoints is not None:
                    self._checkpoints.settle(result)
                progress.advance(result)

            run_trials(
                todo,
                self._plan.data,
                keep,
                cpus_per_trial=self._config["resources"]["cpus"],
                gpus_per_trial=self._config["resources"]["gpus"],
                cluster=cluster,
                checkpoints=self._checkpoints,
            )

    def _conclude(self, run_id: str) -> int:
        """Promote the best of each data set, write the report, and print both.

        Returns:
            The number of trials that failed.
        """
        from gridwright import conclusion
        from gridwright.tracking import leaderboard_text, log_report

        session = self._session
        runs = session.runs([spec.key for spec in self._plan.specs])
        outcomes = [self._promote(name, runs, run_id) for name in self._plan.datasets]
        claimed = self._experiment.claims.compare(self._measured(runs))
        board = log_report(
            session.store,
            run_id,
            self._record,
            runs,
            outcomes,
            data=self._plan.data,
            tables=[self._claims_table(claimed)] if claimed else [],
        )
        session.end_sweep("FINISHED")
        print(f"\n{leaderboard_text(board, self._config['top'])}\n")
        if claimed:
            print(conclusion.of_claims(claimed, self._experiment.claims.source))
        if self._record.rank_by == "test":
            print("Ranked by the test score, as rank_by=test asks; it flatters the winner.")
        if failed := [run for run in runs if run.failure is not None]:
            print(conclusion.of_failures(failed))
        for outcome in outcomes:
            print(outcome.sentence)
        champions = [
            f"models:/{outcome.model_name}@champion" for outcome in outcomes if outcome.champion
        ]
        print(conclusion.of_sweep(session.store.settings, champions))
        return len(failed)

    def _claims_table(self, claimed: Sequence[ClaimResult]) -> ReportTable:
        from gridwright.claims import COLUMNS
        from gridwright.tracking import ReportTable

        source = self._experiment.claims.source or "the experiment"
        rows = [result.cells for result in claimed]
        return ReportTable(f"Claims of {source}", COLUMNS, rows, file="claims.csv")

    def _measured(
        self, runs: Sequence[FinishedRun]
    ) -> list[tuple[Mapping[str, Any], Mapping[str, float] | None]]:
        """Return the configuration of each trial and its final metrics, None where it failed."""
        by_key = {run.key: run for run in runs}
        found = [(spec.config, by_key[spec.key]) for spec in self._plan.specs]
        return [(config, None if run.failure else run.metrics) for config, run in found]

    def _promote(self, dataset: str, runs: Sequence[FinishedRun], run_id: str) -> PromotionOutcome:
        from gridwright.tracking import promote

        return promote(
            self._session.store,
            [run for run in runs if run.dataset == dataset],
            model_name=dataset,
            rank_by=self._record.rank_by,
            mode=self._config["promote"],
            sweep_run_id=run_id,
        )


def _record(command: str, config: Mapping[str, Any], plan: Plan, mark: str) -> SweepRecord:
    from gridwright.tracking import SweepRecord

    models = dict(sorted((spec.model, spec.plugin_version) for spec in plan.specs))
    name = f"{'+'.join(plan.datasets)} {'+'.join(models)}: {len(plan.specs)} trials {mark}"
    return SweepRecord(
        key=plan.key_of_sweep(anew=not config["reuse"]),
        anew=not config["reuse"],
        name=name.rstrip(),
        command=command,
        datasets=plan.datasets,
        n_trials=len(plan.specs),
        rank_by=config["rank_by"],
        versions={"gridwright": __version__, **models},
    )
