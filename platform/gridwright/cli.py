"""The `gridwright` command: the composition root, the one module that may import everything.

A grid goes through `Application.sweep`, one run through `Application.__call__`; both use the
same checks, the same trial and the same writer. What takes long to import (Ray, MLflow) is
imported where it is needed, so that a wrong command is answered at once.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

from gridwright import __version__
from gridwright.errors import GridwrightError, TrialFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.preflight import Plan
    from gridwright.sweep import Cell, Cluster
    from gridwright.tracking import FinishedRun, PromotionOutcome, SweepRecord, TrackingSession

#: Exit status after Ctrl-C, as shells have it: 128 + SIGINT.
INTERRUPTED = 130


def main() -> None:
    """Run the command line; never returns."""
    arguments = sys.argv[1:]
    if arguments in (["--help"], ["-h"]):
        from gridwright.help_text import help_text

        print(help_text())
        sys.exit(0)
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what a user can mend is printed as a sentence.

    0: finished; 1: the single run failed; 2: bad input, nothing was started; 130: interrupted.
    """
    # Without this, Hydra prints the exception and ends the process before it gets here.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    import hydra

    from gridwright.composition_errors import explain
    from gridwright.schema import register

    register()
    application = Application(arguments)
    compose = hydra.main(
        config_path="pkg://gridwright.conf", config_name="config", version_base="1.3"
    )
    sys.argv[1:] = arguments
    try:
        compose(application)()
    except KeyboardInterrupt:
        print(
            "gridwright: interrupted; what was finished is kept. To continue: "
            + application.command,
            file=sys.stderr,
        )
        return INTERRUPTED
    except Exception as error:
        explained = error if isinstance(error, GridwrightError) else explain(error)
        if explained is None or os.environ.get("GRIDWRIGHT_TRACEBACK") == "1":
            raise
        print(f"gridwright: {explained}", file=sys.stderr)
        return explained.exit_code
    return 0


class Application:
    """What Hydra calls: with one configuration, or with all cells of a grid.

    Attributes:
        command: the command line, to be typed again.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.command = shlex.join(["gridwright", *arguments])

    def __call__(self, configuration: DictConfig) -> None:
        """Run one trial, without Ray.

        Raises:
            TrainingFailed: it failed; its run is recorded.
        """
        from hydra.core.hydra_config import HydraConfig
        from omegaconf import OmegaConf

        from gridwright.preflight import plan_trials

        config = OmegaConf.to_container(configuration, resolve=True, enum_to_str=True)
        assert isinstance(config, dict)
        overrides = list(HydraConfig.get().overrides.task)
        plan = plan_trials([(overrides, config)])
        with open_session(config, plan) as session:
            run_single(plan, session)

    def sweep(self, cells: Sequence[Cell], configuration: DictConfig) -> None:
        """Run every cell of a grid with Ray Tune, and end with leaderboard and champion."""
        from gridwright.preflight import plan_trials
        from gridwright.sweep import Cluster

        plan = plan_trials([(cell.overrides, cell.config) for cell in cells])
        config = cells[0].config
        # Ray starts while MLflow is imported and its store is opened.
        with (
            Cluster(config["resources"]["address"]) as cluster,
            open_session(config, plan) as session,
        ):
            run_sweep(self.command, config, plan, session, cluster)


def open_session(config: Mapping[str, Any], plan: Plan) -> TrackingSession:
    """Open the tracking that a configuration asks for.

    The experiment of MLflow is named after the data unless the configuration names it.

    Raises:
        TrackingError: the store or the spool cannot be used.
    """
    from gridwright.tracking import TrackingSession, TrackingSettings

    tracking = config["tracking"]
    return TrackingSession.open(
        TrackingSettings.resolve(
            uri=tracking["uri"],
            artifacts=tracking["artifacts"],
            experiment_name=tracking["experiment_name"] or "+".join(plan.datasets),
            spool=tracking["spool"],
        )
    )


def run_single(plan: Plan, session: TrackingSession) -> None:
    """Run the only trial of `plan` here, or take it over from MLflow.

    Raises:
        TrialFailed: the trial failed; its run is recorded.
    """
    from gridwright import conclusion
    from gridwright.plugins import load_model_plugin
    from gridwright.trial import run_trial

    (spec,) = plan.specs
    data = plan.data[spec.dataset_key]
    if spec.key in session.finished():
        print("This trial is already finished: nothing was run.")
    else:
        plugin = load_model_plugin(spec.model)
        result = run_trial(spec, data, plugin)
        session.submit(spec, result, data, plugin.requirements)
        session.drain()
    (run,) = session.runs([spec.key])
    print(conclusion.of_run(run, session.store.settings))
    if run.failure is not None:
        raise TrialFailed(run.failure.reason)


def run_sweep(
    command: str,
    config: Mapping[str, Any],
    plan: Plan,
    session: TrackingSession,
    cluster: Cluster,
) -> None:
    """Run the trials of `plan` that MLflow does not hold yet, then rank, report and promote."""
    finished = session.finished()
    todo = [spec for spec in plan.specs if spec.key not in finished]
    print(_opening(plan, len(todo), session))
    sweep = _record(command, config, plan)
    run_id = session.start_sweep(sweep)
    try:
        if todo:
            _run_trials(config, plan, todo, session, run_id, cluster)
        session.drain()
    except BaseException as error:
        session.end_sweep("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
        raise
    _conclude(sweep, plan, session, run_id, config)


def _run_trials(
    config: Mapping[str, Any],
    plan: Plan,
    todo: Sequence[TrialSpec],
    session: TrackingSession,
    run_id: str,
    cluster: Cluster,
) -> None:
    from rich.console import Console

    from gridwright.plugins import load_model_plugin
    from gridwright.progress import SweepProgress
    from gridwright.sweep import run_trials

    specs = {spec.key: spec for spec in todo}
    console = Console(stderr=True)
    with SweepProgress(console, len(todo), f"{config['rank_by']}_score") as progress:

        def keep(result: TrialResult) -> None:
            spec = specs[result.key]
            requirements = load_model_plugin(spec.model).requirements
            session.submit(spec, result, plan.data[spec.dataset_key], requirements, run_id)
            progress.advance(result)

        resources = config["resources"]
        run_trials(
            todo,
            plan.data,
            keep,
            cpus_per_trial=resources["cpus"],
            gpus_per_trial=resources["gpus"],
            cluster=cluster,
        )


def _conclude(sweep: SweepRecord, plan: Plan, session: TrackingSession, run_id: str, config: Mapping[str, Any]) -> None:
    """Promote the best of each data set, write the report, and print both."""
    from gridwright import conclusion
    from gridwright.tracking import leaderboard_text, log_report, promote

    runs = session.runs([spec.key for spec in plan.specs])
    outcomes = [
        promote(
            session.store,
            [run for run in runs if run.dataset == name],
            model_name=name,
            rank_by=sweep.rank_by,
            mode=config["promote"],
            sweep_run_id=run_id,
        )
        for name in plan.datasets
    ]
    board = log_report(session.store, run_id, sweep, runs, outcomes)
    session.end_sweep("FINISHED")
    print(f"\n{leaderboard_text(board, config['top'])}\n")
    failed = [run for run in runs if run.failure is not None]
    if failed:
        print(conclusion.of_failures(failed))
    for outcome in outcomes:
        print(outcome.sentence)
    served = [f"models:/{outcome.model_name}@champion" for outcome in outcomes if outcome.version]
    print(conclusion.of_sweep(session.store.settings, served))


def _opening(plan: Plan, todo: int, session: TrackingSession) -> str:
    total = len(plan.specs)
    models = ", ".join(dict.fromkeys(spec.model for spec in plan.specs))
    line = f"{total} trials of {models} on {', '.join(plan.datasets)}"
    if todo == 0:
        return f"{line}: all are already finished, none is run again."
    if todo < total:
        line += f": {total - todo} are already finished, {todo} are run now"
    if session.recovered:
        line += f" ({session.recovered} were waiting to be written by an interrupted command)"
    return f"{line}."


def _record(command: str, config: Mapping[str, Any], plan: Plan) -> SweepRecord:
    from gridwright.tracking import SweepRecord

    models = dict(sorted((spec.model, spec.plugin_version) for spec in plan.specs))
    return SweepRecord(
        key=plan.sweep_key,
        name=f"{'+'.join(plan.datasets)} {'+'.join(models)}: {len(plan.specs)} trials",
        command=command,
        datasets=plan.datasets,
        n_trials=len(plan.specs),
        rank_by=config["rank_by"],
        versions={"gridwright": __version__, **models},
    )
