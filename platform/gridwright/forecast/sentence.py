"""The forecast as a person reads it, before the sweep and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.machine import readable

if TYPE_CHECKING:
    from gridwright.forecast.forecasting import Forecast, ForecastUnderWay


def sentence(forecast: Forecast) -> str:
    """Return time, disk and memory with what they rest on, and what will not fit."""
    time = forecast.time
    workers = f"{forecast.workers} worker{'s' * (forecast.workers > 1)}"
    text = (
        f"Forecast: {_clock(time.seconds)} ({_clock(time.low)} to {_clock(time.high)}) on "
        f"{workers}, about {readable(forecast.disk)} on disk and {readable(forecast.memory)} of "
        f"memory; from {forecast.source}."
    )
    if forecast.free_disk is not None and forecast.disk > forecast.free_disk:
        text += f"\nOnly {readable(forecast.free_disk)} are free on that disk."
    if forecast.free_memory is not None and forecast.memory > forecast.free_memory:
        text += (
            f"\nOnly {readable(forecast.free_memory)} of memory are free: fewer trials at once "
            "need less (resources.cpus)."
        )
    return text


def said(forecast: Forecast | None, under_way: ForecastUnderWay | None) -> str:
    """Return the sentence of a forecast, or why there is none; empty where none was asked for."""
    if forecast:
        return sentence(forecast)
    return f"No forecast: {under_way.silence}." if under_way and under_way.silence else ""


def comparison(forecast: Forecast, seconds: float) -> str:
    """Return what was forecast beside what it took."""
    time = forecast.time
    held = "within" if time.low <= seconds <= time.high else "outside of"
    return (
        f"It took {_clock(seconds)}, {held} the forecast of {_clock(time.low)} to "
        f"{_clock(time.high)}."
    )


def _clock(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
