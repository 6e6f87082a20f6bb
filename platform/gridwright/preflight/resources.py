"""What a cell needs of the machine, held against what the machine has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gridwright.machine import free_memory, readable
from gridwright.plugins import footprint
from gridwright.sweep.cluster import available_cpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridwright.contract import ModelPlugin
    from gridwright.datasets import TrialData


class Machine:
    """This machine, asked once for all cells of a grid.

    A cluster elsewhere is not known before it is reached, so nothing is said of it here.
    """

    def __init__(self) -> None:
        self._cpus = available_cpus()
        self._memory = free_memory()

    def objections(
        self,
        config: Mapping[str, Any],
        parameters: Mapping[str, Any],
        plugin: ModelPlugin,
        data: TrialData,
    ) -> Iterator[str]:
        """Yield what a trial needs and this machine lacks."""
        resources = config["resources"]
        if is_elsewhere(resources):
            return
        if resources["cpus"] > self._cpus:
            yield (
                f"resources.cpus must be at most {self._cpus}, the cores of this machine, but got "
                f"{resources['cpus']:g} (a cluster is named by resources.address)"
            )
        needed = footprint(plugin, parameters, data.description)
        if needed is not None and self._memory is not None and needed.memory > self._memory:
            yield (
                f"{plugin.name} needs {readable(needed.memory)} of memory to train this, but "
                f"{readable(self._memory)} are free: take a smaller network or batch"
            )


def is_elsewhere(resources: Mapping[str, Any]) -> bool:
    """Tell whether a Ray cluster that is there already runs the trials."""
    return resources["address"] is not None or bool(os.environ.get("RAY_ADDRESS"))
