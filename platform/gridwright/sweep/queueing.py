"""A sweep that waits for a cluster whose resources are taken says so, once, and goes on waiting."""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

import ray
from ray.tune import Callback

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_log = logging.getLogger(__name__)

#: Seconds without a first worker after which it is said what the sweep waits for.
PATIENCE = 20.0


class Queueing(Callback, AbstractContextManager["Queueing"]):  # type: ignore[misc]  # no types
    """Warns where no trial has started after `PATIENCE` seconds because others hold the resources.

    Args:
        resources: what one trial asks for, by Ray's names in lower case (`cpu`, `gpu`).
    """

    def __init__(self, resources: Mapping[str, float]) -> None:
        self._resources = dict(resources)
        self._timer = threading.Timer(PATIENCE, self._tell)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._timer.cancel()

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Tune has a worker for a trial: nothing is to be told any more."""
        del iteration, trials, trial, info
        self._timer.cancel()

    def _tell(self) -> None:
        free, all_of_it = ray.available_resources(), ray.cluster_resources()
        wanted = {
            name if name == "memory" else name.upper(): count
            for name, count in self._resources.items()
            if count
        }
        if all(free.get(name, 0) >= count for name, count in wanted.items()):
            return  # the worker is starting, which takes long on a busy machine
        asked = " and ".join(f"{count:g} {name}" for name, count in wanted.items())
        there = " and ".join(
            f"{free.get(name, 0):g} of {all_of_it.get(name, 0):g} {name}" for name in wanted
        )
        _log.warning(
            "the cluster is full: a trial asks for %s, and %s are free; the sweep waits until "
            "others give some back (Ctrl-C ends it, and the same command goes on later)",
            asked, there,
        )  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """Leave the timer out of Tune's pickled record of the sweep, which nobody reads."""
        return {"_resources": self._resources}
