"""What a command works with, as its configuration asks: the store, checkpoints, the forecast."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.checkpoints import Checkpoints
    from gridwright.forecast import ForecastUnderWay
    from gridwright.preflight import Plan
    from gridwright.tracking import TrackingSession, TrackingSettings


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


def checkpoints_of(config: Mapping[str, Any], session: TrackingSession) -> Checkpoints | None:
    """Return where trials leave their state as they run: beside the spool."""
    from gridwright.checkpoints import Checkpoints

    seconds = config["resources"]["checkpoint_seconds"]
    if seconds is None:
        return None
    return Checkpoints(session.store.settings.own_spool.absolute() / "checkpoints", seconds)
