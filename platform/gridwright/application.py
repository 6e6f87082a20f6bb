"""What the command does: the composition root, the one module that may import everything.

A grid goes through `Application.sweep`, one run through `Application.__call__`; both use the
same checks, the same trial and the same writer.
"""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from gridwright.configuration_places import Places
from gridwright.configured import forecasting, open_session, tracking_settings
from gridwright.errors import ConfigurationError
from gridwright.grid_run import GridRun
from gridwright.machine import limit_threads
from gridwright.passwords import without_passwords
from gridwright.single_run import rerun, run_single

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omegaconf import DictConfig

    from gridwright.errors import GridwrightError
    from gridwright.preflight import Plan
    from gridwright.sweep import Cell


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
        from gridwright.preflight import check_cluster, is_elsewhere, plan_trials
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
            # Another machine of a cluster does not have the file.
            share=not (config["dry_run"] or is_elsewhere(config["resources"])),
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
        limit_threads(config["resources"]["cpus"])
        plan = plan_trials(
            [(list(HydraConfig.get().overrides.task), config)], where=self._places.of_cause
        )
        print(data_notes(plan.data.values()), end="")
        if config["dry_run"]:
            show(config, plan, experiment.mark)
            return
        with open_session(config, plan) as session:
            run_single(plan, session)


def show(config: Mapping[str, Any], plan: Plan, mark: str) -> None:
    """Print what a command would do; nothing is started, and nothing is written.

    Raises:
        TrackingError: the store is there and cannot be read.
    """
    from gridwright.announcement import opening
    from gridwright.dry_run import grid_text
    from gridwright.forecast import WAIT_OF_DRY_RUN, said
    from gridwright.tracking import past_trials

    past = past_trials(tracking_settings(config, plan)) if config["reuse"] else []
    finished = {trial.key for trial in past}
    todo = [spec for spec in plan.specs if spec.key not in finished]
    print(opening(plan.specs, len(todo), reuse=config["reuse"], mark=mark, would=True))
    print(grid_text(plan.specs, finished))
    with forecasting(config, plan) as under_way:
        forecast = under_way.finish(todo, past, wait=WAIT_OF_DRY_RUN) if under_way else None
    if text := said(forecast, under_way):
        print(text)
    print("Nothing was started and nothing was written (dry_run=true).")
