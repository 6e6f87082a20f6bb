"""A sweep that waits for a cluster whose resources are taken says so, once, and goes on waiting."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import ray
from ray.tune import Callback

from gridwright.sweep.trial_resources import holds, shortage

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)

#: Seconds without a first worker after which it is said what the sweep waits for.
PATIENCE = 20.0


class Queueing(Callback):  # type: ignore[misc]  # ray ships no types
    """Warns where no trial has started after `PATIENCE` seconds because others hold the resources.

    It waits from the moment it is made until it is closed. Where a trial fits at that moment, there
    is nothing to tell: what is taken later, the sweep's own workers take, and some start slowly.

    Args:
        resources: what one trial asks for, as `trial_resources` returns it.
    """

    def __init__(self, resources: Mapping[str, float]) -> None:
        self._resources = dict(resources)
        self._timer = threading.Timer(PATIENCE, self._tell)
        self._timer.daemon = True
        if not holds(ray.available_resources(), self._resources):
            self._timer.start()

    def close(self) -> None:
        """Say nothing from here on."""
        self._timer.cancel()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Tune has a worker for a trial: nothing is to be told any more."""
        del iteration, trials, trial, info
        self.close()

    def _tell(self) -> None:
        free = ray.available_resources()
        if holds(free, self._resources):
            return  # the worker is starting, which takes long on a busy machine
        _log.warning(
            "the cluster is full: %s; the sweep waits until others give some back (Ctrl-C ends it, "
            "and the same command goes on later)",
            shortage(free, ray.cluster_resources(), self._resources),
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leave the timer out of Tune's pickled record of the sweep, which nobody reads."""
        return {"_resources": self._resources}
