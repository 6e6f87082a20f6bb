"""One trial without Ray: run for the first time, or repeated to compare it with its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridwright.configured import checkpoints_of
from gridwright.errors import GridwrightError, TrialFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.preflight import Plan
    from gridwright.tracking import TrackingSession


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


def run_single(plan: Plan, session: TrackingSession) -> None:
    """Run the only trial of `plan` here, or take it over from MLflow; promote it if it earned it.

    Raises:
        TrialFailed: the trial failed; its run is recorded.
        TrackingError: its stored model does not repeat its predictions; its run is recorded.
    """
    from gridwright import conclusion
    from gridwright.plugins import load_model_plugin
    from gridwright.tracking import PromotionOutcome, log_preview, promote
    from gridwright.trial import run_trial

    (spec,) = plan.specs
    data = plan.data[spec.dataset_key]
    known = spec.config["reuse"] and spec.key in session.finished()
    if known:
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
    if not known:
        log_preview(session.store, run.run_id, [data])
    if run.failure is not None:
        print(conclusion.of_run(run, session.store.settings))
        where = f" in epoch {run.failure.epoch}" if run.failure.epoch else ""
        raise TrialFailed(f"the trial failed{where}: {run.failure.reason}")
    try:
        outcome = promote(
            session.store,
            [run],
            model_name=spec.dataset,
            rank_by=spec.rank_by,
            mode=spec.config["promote"],
        )
    except GridwrightError as error:
        refused = PromotionOutcome.none(spec.dataset, "", error=error)
        print(conclusion.of_run(run, session.store.settings, refused))
        raise
    print(conclusion.of_run(run, session.store.settings, outcome))
