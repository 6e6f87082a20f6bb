"""The sweep: search space, composition, and Ray Tune. No other package imports ray.

Importing this one costs nothing: a name is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridwright.sweep.base_configuration import resolved
    from gridwright.sweep.cluster import Cluster
    from gridwright.sweep.composition import Cell, compose_cells
    from gridwright.sweep.ray_tune import run_trials
    from gridwright.sweep.space import expand

__all__ = ["Cell", "Cluster", "compose_cells", "expand", "resolved", "run_trials"]

_HOMES = {
    "Cell": "composition",
    "Cluster": "cluster",
    "compose_cells": "composition",
    "expand": "space",
    "resolved": "base_configuration",
    "run_trials": "ray_tune",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
