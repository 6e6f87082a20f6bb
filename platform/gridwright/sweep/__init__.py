"""The sweep: search space, composition, and Ray Tune. No other package imports ray.

Importing this one costs nothing: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridwright.sweep.base_configuration import resolved
    from gridwright.sweep.cluster import Cluster
    from gridwright.sweep.composition import Cell, CellComposer, compose_cells
    from gridwright.sweep.epoch_worker import OUT_OF_TIME_EPOCH
    from gridwright.sweep.population import Population
    from gridwright.sweep.population_scheduler import Member
    from gridwright.sweep.ray_tune import run_trials
    from gridwright.sweep.samplers import sampler_of
    from gridwright.sweep.search import Candidate, Search
    from gridwright.sweep.search_settings import SearchSettings
    from gridwright.sweep.search_space import Choices, Interval, SearchSpace
    from gridwright.sweep.space import expand

__all__ = [
    "OUT_OF_TIME_EPOCH",
    "Candidate",
    "Cell",
    "CellComposer",
    "Choices",
    "Cluster",
    "Interval",
    "Member",
    "Population",
    "Search",
    "SearchSettings",
    "SearchSpace",
    "compose_cells",
    "expand",
    "resolved",
    "run_trials",
    "sampler_of",
]

_HOMES = {
    "OUT_OF_TIME_EPOCH": "epoch_worker",
    "Candidate": "search",
    "Cell": "composition",
    "CellComposer": "composition",
    "Choices": "search_space",
    "Cluster": "cluster",
    "Interval": "search_space",
    "Member": "population_scheduler",
    "Population": "population",
    "Search": "search",
    "SearchSettings": "search_settings",
    "SearchSpace": "search_space",
    "compose_cells": "composition",
    "expand": "space",
    "resolved": "base_configuration",
    "run_trials": "ray_tune",
    "sampler_of": "samplers",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
