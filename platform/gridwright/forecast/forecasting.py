"""A forecast from its first probe to its numbers."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gridwright.forecast import costs as costs_of
from gridwright.forecast.duration import Duration, Surroundings, duration
from gridwright.forecast.probe import Probe
from gridwright.forecast.selection import most_different
from gridwright.machine import free_disk, free_memory
from gridwright.plugins import footprint, load_model_plugin
from gridwright.preflight.resources import is_elsewhere
from gridwright.sweep.batching import divide, share_of_time
from gridwright.sweep.cluster import available_cpus
from gridwright.sweep.trial_resources import fitting, trial_resources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from gridwright.contract import Footprint, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.forecast.costs import Costs
    from gridwright.tracking import PastTrial

#: Cells that a probe may look at; its budget ends it before that, as a rule.
_MOST_PROBES = 48
#: Bytes: a run's rows and small files, the points of one epoch, a report with its pictures, a
#: worker, and all else of a sweep.
_RUN_BYTES = 40_000
_EPOCH_BYTES = 1_000
_REPORT_BYTES = 2_000_000
_WORKER_MEMORY = 200_000_000
_OWN_MEMORY = 750_000_000
#: Seconds for which a probe is waited for at least: by a sweep, and where nothing else is asked.
WAIT, WAIT_OF_DRY_RUN = 4.0, 120.0
#: A forecast may cost this share of its sweep, which it waits for a plugin that is slow to import.
_PATIENCE = 0.02
#: Multiplications and additions a second that no core exceeds (float32): a least time follows.
_FASTEST = 2e11
#: Of each product in a training: forward, and both gradients; a multiplication and an addition.
_PER_PRODUCT = 6


@dataclass(frozen=True)
class Forecast:
    """What a sweep will take.

    Attributes:
        time: its duration from the moment of the forecast.
        disk: bytes.
        memory: bytes, of all processes at once.
        workers: trials that run at once.
        source: what it was derived from, in words.
        free_disk: bytes that are free where the runs are kept, if that is on this machine.
        free_memory: bytes that are free, where that is known.
    """

    time: Duration
    disk: float
    memory: float
    workers: int
    source: str
    free_disk: int | None
    free_memory: int | None


class ForecastUnderWay(AbstractContextManager["ForecastUnderWay"]):
    """Probes in the background, beside the start of the sweep, until it is finished or left.

    Args:
        specs: trials of the sweep.
        data: by `TrialSpec.dataset_key`.
        resources: what one trial gets.
        folder: where the runs are kept; None if not on this machine.

    Attributes:
        silence: why there is no forecast, once that is known.
    """

    silence = ""

    def __init__(
        self,
        specs: Sequence[TrialSpec],
        data: Mapping[str, TrialData],
        resources: Mapping[str, Any],
        folder: Path | None,
    ) -> None:
        self._specs = specs
        self._data = data
        self._folder = folder
        self._probe: Probe | None = None
        self._probed: list[int] = []
        # How many workers a cluster elsewhere has, and how fast they are, nobody knows yet.
        if is_elsewhere(resources):
            return
        cpus = available_cpus()
        self._cpus = cpus
        self._accelerated = resources["gpus"] > 0
        # What GPUs there are, only the cluster knows.
        wanted = trial_resources({**resources, "gpus": 0})
        self._workers = fitting({"CPU": cpus, "memory": free_memory() or sys.maxsize}, wanted)
        self._place = Surroundings.of_this_machine(self._workers, cpus)
        self._probed = most_different(specs, _MOST_PROBES)
        self._probe = Probe([specs[place] for place in self._probed], data, len(specs))

    def finish(
        self, todo: Sequence[TrialSpec], past: Sequence[PastTrial], wait: float
    ) -> Forecast | None:
        """Return the forecast for the trials that are to run; None if nothing could be measured.

        Args:
            todo: the trials that are not finished yet.
            past: finished trials, for what the probe could not measure.
            wait: seconds to wait for the probe, at most; longer where a sweep takes so long that
                more is a small part of it.
        """
        if self._probe is None:
            self.silence = "how many workers the cluster has is not known before it is reached"
            return None
        wait = max(wait, self._patience(todo))
        measured = self._probe.results(wait)
        self._probe = None
        if not todo:
            return None
        all_costs = costs_of.from_probe(self._specs, self._data, measured, self._probed)
        if all_costs is not None:
            all_costs = self._together(all_costs, todo)
        else:
            all_costs = costs_of.from_past(self._specs, past)
        if all_costs is None:
            self.silence = (
                f"nothing was measured within {wait:.0f} s; dry_run=true waits longer, and the "
                "next sweep on this data knows from this one"
            )
            return None
        return self._forecast(_of_these(all_costs, self._specs, todo), todo)

    def _patience(self, todo: Sequence[TrialSpec]) -> float:
        """Return the seconds that waiting may take: a share of the least the trials can take."""
        if self._accelerated:
            return 0.0
        operations = sum(
            _PER_PRODUCT * told.products * len(data.x_train) * (told.epochs or 1)
            for told, data in self._footprints(todo)
        )
        return _PATIENCE * operations / (_FASTEST * self._cpus)

    def _footprints(self, todo: Sequence[TrialSpec]) -> list[tuple[Footprint, TrialData]]:
        found = []
        for spec in todo:
            data = self._data[spec.dataset_key]
            told = footprint(load_model_plugin(spec.model), spec.parameters, data.description)
            if told is not None:
                found.append((told, data))
        return found

    def _together(self, costs: Costs, todo: Sequence[TrialSpec]) -> Costs:
        """Return the costs of trials of which some are trained together, which no probe is."""
        places = {spec.key: place for place, spec in enumerate(self._specs)}
        seconds = costs.seconds.copy()
        for batch in divide(todo, self._data, self._workers)[0]:
            seconds[[places[todo[one].key] for one in batch]] *= share_of_time(len(batch))
        return replace(costs, seconds=seconds)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._probe is not None:
            self._probe.end()
            self._probe = None

    def _forecast(self, costs: Costs, todo: Sequence[TrialSpec]) -> Forecast:
        footprints = [told for told, _ in self._footprints(todo)]
        epochs = sum(told.epochs or 0 for told in footprints)
        own = max((told.memory for told in footprints), default=0)
        workers = min(self._workers, len(todo))
        data = sum(
            array.nbytes
            for split in self._data.values()
            for array in (split.x_train, split.x_validation, split.x_test)
            if array is not None
        )
        return Forecast(
            time=duration(costs, epochs, self._place, by_server=self._folder is None),
            disk=len(todo) * (_RUN_BYTES + costs.model_bytes)
            + epochs * _EPOCH_BYTES
            + _REPORT_BYTES,
            memory=_OWN_MEMORY + data + workers * (_WORKER_MEMORY + max(own, costs.memory)),
            workers=workers,
            source=costs.source,
            free_disk=None if self._folder is None else free_disk(self._folder),
            free_memory=free_memory(),
        )


def _of_these(costs: Costs, specs: Sequence[TrialSpec], todo: Sequence[TrialSpec]) -> Costs:
    wanted = {spec.key for spec in todo}
    kept = [place for place, spec in enumerate(specs) if spec.key in wanted]
    return replace(costs, seconds=costs.seconds[kept])
