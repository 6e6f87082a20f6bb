"""One grid, from what MLflow holds of it already to its leaderboard, report and champion."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gridwright import __version__
from gridwright.configured import checkpoints_of
from gridwright.errors import GridwrightError, TrialFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridwright.claims import ClaimResult
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.experiment import Experiment
    from gridwright.forecast import ForecastUnderWay
    from gridwright.preflight import Plan
    from gridwright.sweep import Cluster
    from gridwright.tracking import (
        FinishedRun,
        PromotionOutcome,
        ReportTable,
        SweepRecord,
        TrackingSession,
    )


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
        # Why the best of a data set could not be registered.
        self._refused: list[GridwrightError] = []

    def run(self, cluster: Cluster) -> None:
        """Run the trials that MLflow does not hold yet, then rank, report and promote."""
        from gridwright.announcement import opening
        from gridwright.forecast import WAIT, Meter, comparison, said
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
        past = [PastTrial.of(run) for run in finished.values()]
        forecast = self._forecast.finish(todo, past, wait=WAIT) if self._forecast else None
        if text := said(forecast, self._forecast):
            print(text, flush=True)
        meter = Meter(session.store.settings.database, session.store.settings.artifacts)
        with self._under_way():
            if todo:
                self._run_trials(todo, run_id, cluster)
                if forecast:  # which it is held against
                    meter.look_at_memory()
        failed = self._conclude(run_id)
        if forecast:
            print(comparison(forecast, meter.taken()))
        self._raise_for(failed)

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        """Have every result written in the end; the sweep's run says what ended it early."""
        try:
            yield
            self._session.drain()
        except BaseException as error:
            self._session.end_sweep("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise

    def _keep(self, spec: TrialSpec, result: TrialResult, data: TrialData, run_id: str) -> None:
        """Have a result written as a run below the run `run_id` of the sweep."""
        from gridwright.plugins import model_requirements

        self._session.submit(spec, result, data, model_requirements(spec.model), run_id)
        self._settle(result)

    def _settle(self, result: TrialResult) -> None:
        """Remove the checkpoint of a trial whose result is kept."""
        if self._checkpoints is not None:
            self._checkpoints.settle(result)

    def _run_trials(self, todo: Sequence[TrialSpec], run_id: str, cluster: Cluster) -> None:
        from rich.console import Console

        from gridwright.progress import SweepProgress
        from gridwright.sweep import run_trials

        specs = {spec.key: spec for spec in todo}
        score = f"{self._record.rank_by}_score"
        with SweepProgress(Console(stderr=True), len(todo), score) as progress:

            def keep(result: TrialResult) -> None:
                spec = specs[result.key]
                self._keep(spec, result, self._plan.data[spec.dataset_key], run_id)
                progress.advance(result)

            run_trials(
                todo,
                self._plan.data,
                keep,
                cpus_per_trial=self._config["resources"]["cpus"],
                gpus_per_trial=self._config["resources"]["gpus"],
                memory_per_trial=self._config["resources"].get("memory"),
                cluster=cluster,
                checkpoints=self._checkpoints,
            )

    def _conclude(self, run_id: str) -> int:
        """Promote the best of each data set, write the report, and print both.

        A model that is refused takes nothing from the report, which says so.

        Returns:
            The number of trials that failed.
        """
        from gridwright import conclusion
        from gridwright.tracking import leaderboard_text, log_preview, log_report

        session = self._session
        runs = session.runs([spec.key for spec in self._plan.specs])
        outcomes = [self._promote(name, runs, run_id) for name in self._plan.datasets]
        claimed = self._claimed(runs)
        board = log_report(
            session.store,
            run_id,
            self._record,
            runs,
            outcomes,
            data=self._plan.data,
            tables=[self._claims_table(claimed)] if claimed else [],
        )
        log_preview(session.store, run_id, self._plan.data.values())
        session.end_sweep("FAILED" if self._refused else "FINISHED")
        print(f"\n{leaderboard_text(board, self._config['top'])}\n")
        if claimed:
            print(conclusion.of_claims(claimed, self._experiment.claims.source))
        if self._record.rank_by == "test":
            print("Ranked by the test score, as rank_by=test asks; it flatters the winner.")
        if failed := [run for run in runs if run.failure is not None]:
            print(conclusion.of_failures(failed))
        if session.interruptions:
            print(conclusion.of_interruptions(session.interruptions))
        for outcome in outcomes:
            if outcome.error is None:
                print(outcome.sentence)
        champions = [
            f"models:/{outcome.model_name}@champion" for outcome in outcomes if outcome.champion
        ]
        print(conclusion.of_sweep(session.store.settings, champions))
        return len(failed)

    def _claimed(self, runs: Sequence[FinishedRun]) -> list[ClaimResult]:
        return self._experiment.claims.compare(self._measured(runs))

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
        found = [(spec.config, by_key[spec.key]) for spec in self._plan.specs if spec.key in by_key]
        return [(config, None if run.failure else run.metrics) for config, run in found]

    def _promote(self, dataset: str, runs: Sequence[FinishedRun], run_id: str) -> PromotionOutcome:
        from gridwright.tracking import PromotionOutcome, promote

        try:
            return promote(
                self._session.store,
                [run for run in runs if run.dataset == dataset],
                model_name=dataset,
                rank_by=self._record.rank_by,
                mode=self._config["promote"],
                sweep_run_id=run_id,
            )
        except GridwrightError as error:
            self._refused.append(error)
            return PromotionOutcome.none(dataset, f"{dataset}: {error}", error=error)

    def _raise_for(self, failed: int) -> None:
        """End the command with an error where the sweep has one; everything is recorded by now.

        Raises:
            TrackingError: the best model of a data set was refused.
            TrialFailed: `strict=true`, and `failed` is not 0.
        """
        for error in self._refused[1:]:
            print(error)
        if self._refused:
            raise self._refused[0]
        if failed and self._config["strict"]:
            total = len(self._plan.specs)
            raise TrialFailed(f"{failed} of {total} trials failed (strict=true)")


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
