"""How long a sweep will take, and what room it needs, said before its first trial starts.

A few cells are trained for some epochs, on part of the data, in a process of their own (`probe`);
the cost of every other cell follows from what they have in common (`costs`); workers, writer and
the machine's load make a duration of it, with an interval (`duration`).
"""

from gridwright.forecast.forecasting import (
    WAIT,
    WAIT_OF_DRY_RUN,
    Forecast,
    ForecastUnderWay,
)
from gridwright.forecast.sentence import comparison, said, sentence
from gridwright.forecast.taken import Meter, Taken

__all__ = [
    "WAIT",
    "WAIT_OF_DRY_RUN",
    "Forecast",
    "ForecastUnderWay",
    "Meter",
    "Taken",
    "comparison",
    "said",
    "sentence",
]
