"""What a cell needs of the machine, held against what the machine has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gridwright.errors import SweepError
from gridwright.machine import free_memory, readable
from gridwright.plugins import footprint, reads_in_pieces
from gridwright.preflight.listening import connect_once
from gridwright.sweep.cluster import available_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gridwright.contract import ModelPlugin
    from gridwright.datasets import TrialData

_LARGEST_SEED = 2**32 - 1  # of numpy's RandomState
#: Setting, what it must, and whether a number does.
_RANGES: tuple[tuple[str, str, Callable[[float], bool]], ...] = (
    ("resources.cpus", "be at least 1", lambda value: value >= 1),
    ("resources.gpus", "be at least 0", lambda value: value >= 0),
    ("resources.memory", "be above 0 (gigabytes), or null", lambda value: value > 0),
    ("resources.timeout", "be above 0 (seconds), or null", lambda value: value > 0),
    ("resources.checkpoint_seconds", "be at least 0, or null", lambda value: value >= 0),
    ("tracking.patience", "be at least 0 (seconds)", lambda value: value >= 0),
    ("tracking.retry_interval", "be above 0 (seconds)", lambda value: value > 0),
    ("seed", f"lie between 0 and {_LARGEST_SEED}", lambda value: 0 <= value <= _LARGEST_SEED),
    ("top", "be at least 1", lambda value: value >= 1),
)


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


def streaming_objections(model: str, data: TrialData, config: Mapping[str, Any]) -> Iterator[str]:
    """Yield why samples that do not fit into memory cannot be given to a trial."""
    if not data.streamed:
        return
    from gridwright.datasets.fitting_memory import held_whole

    if not reads_in_pieces(model):
        yield held_whole(data.source, model, data.n_bytes)
    if is_elsewhere(config.get("resources", {"address": None})):
        yield (
            f"the samples of {data.source} do not fit into memory and are read from a file of this "
            "machine, which the nodes of a cluster do not have: leave resources.address out"
        )


def out_of_range(config: Mapping[str, Any]) -> Iterator[str]:
    """Yield what no machine can do: settings whose type is right and whose value is not."""
    for key, rule, holds in _RANGES:
        group, _, name = key.rpartition(".")
        value = (config.get(group, {}) if group else config).get(name)
        # null stands for no limit where the schema allows it.
        if value is not None and not holds(value):
            shown = f"{value:g}" if isinstance(value, float) else value
            yield f"{key} must {rule}, but got {shown}"


def is_elsewhere(resources: Mapping[str, Any]) -> bool:
    """Tell whether a Ray cluster that is there already runs the trials."""
    return resources["address"] is not None or bool(os.environ.get("RAY_ADDRESS"))


def check_cluster(resources: Mapping[str, Any]) -> None:
    """Refuse the address of no cluster; Ray would try for minutes.

    Raises:
        SweepError: nobody answers at `resources.address`.
    """
    address = resources["address"] or ""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon or not port.isdecimal():
        return  # `auto`: only Ray knows where to look
    try:
        connect_once(host.strip("[]"), int(port))
    except (OSError, OverflowError) as error:
        raise SweepError(
            f"no Ray cluster answers at resources.address={address} ({error}): start one there "
            "with `ray start --head`, or leave resources.address out to use this machine"
        ) from error
