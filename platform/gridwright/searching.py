"""Searches of the command: what is refused, what `dry_run=true` shows, and who runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridwright.application import Application
from gridwright.configured import forecasting, open_session, tracking_settings
from gridwright.errors import ConfigurationError
from gridwright.population_plan import check_population
from gridwright.population_run import PopulationRun
from gridwright.search_run import SearchRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.experiment import Experiment
    from gridwright.search_trials import SearchTrials
    from gridwright.sweep import CellComposer, SearchSettings, SearchSpace

#: Trials that a forecast looks at where nothing says how many there will be.
_SAMPLE = 20


class SearchingApplication(Application):
    """The application, which runs searches, too."""

    def search(self, space: SearchSpace, composer: CellComposer, settings: SearchSettings) -> None:
        """Run a search with Ray Tune, and end with leaderboard and champion."""
        from gridwright.experiment import Experiment
        from gridwright.preflight import check_cluster
        from gridwright.search_trials import SearchTrials
        from gridwright.sweep import Cluster, sampler_of

        config = composer.cell(0, space.overrides(space.first)).config
        experiment = Experiment.of(config)
        _refuse_what_is_no_search(config, experiment, settings)
        sampler_of(space, settings, known=0)  # which refuses a grid of an interval
        trials = SearchTrials(space, composer, settings, experiment)
        of_population = settings.scheduler == "pbt"
        if of_population:
            check_population(trials, config)
        if config["dry_run"]:
            show_search(config, trials)
            return
        check_cluster(config["resources"])
        with (
            Cluster(config["resources"]["address"]) as cluster,
            open_session(config, trials.first_plan) as session,
        ):
            run = PopulationRun if of_population else SearchRun
            run(self.command, trials, session).run(cluster)


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
