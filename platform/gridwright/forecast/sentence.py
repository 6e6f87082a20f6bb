"""The forecast as a person reads it, before the sweep and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.machine import readable

if TYPE_CHECKING:
    from gridwright.forecast.forecasting import Forecast, ForecastUnderWay
    from gridwright.forecast.taken import Taken


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


def comparison(forecast: Forecast, taken: Taken) -> str:
    """Return what was forecast beside what it took."""
    time, seconds = forecast.time, taken.seconds
    held = time.low <= seconds <= time.high
    took, low, high = map(_clock, (seconds, time.low, time.high))
    if not held and took in {low, high}:  # rounded alike, and yet not the same
        took, low, high = (f"{exact:.0f} s" for exact in (seconds, time.low, time.high))
    text = f"It took {took}, {'within' if held else 'outside of'} the forecast of {low} to {high}"
    rooms = [
        (taken.disk, forecast.disk, "on disk"),
        (taken.memory, forecast.memory, "of memory after the last trial"),
    ]
    told = [
        f"{readable(bytes_)} {where} (forecast: {readable(expected)})"
        for bytes_, expected, where in rooms
        if bytes_ is not None
    ]
    return f"{text}; {' and '.join(told)}." if told else f"{text}."


def _clock(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
