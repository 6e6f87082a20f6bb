"""A Ray Tune trainable that can be asked to stop between two epochs. It never imports mlflow.

A trial trains in a thread of its worker, which holds it at the epochs that a scheduler wants to
hear of. A scheduler that would have Tune throw a trial away only leaves a note on the
`StopBoard`: the trial reads it, ends its training there, and leaves a complete result.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ray
from ray import tune

from gridwright.contract import EpochRecord
from gridwright.plugins import load_model_plugin
from gridwright.sweep.deadline import Deadline
from gridwright.sweep.failed import failed_by
from gridwright.sweep.worker import PAYLOAD
from gridwright.trial import run_trial

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import TrialResult, TrialSpec

#: Keys of Tune's configuration: the trial, Ray's reference to its data, and when its time ends.
SPEC, DATA, END = "spec", "data", "end"
#: Keys of Tune's result: what is maximised, and the epochs it took.
SCORE, EPOCH = "score", "epoch"
#: Metric of a trial that a scheduler stopped: its last epoch.
STOPPED_EPOCH = "stopped_epoch"
#: The same of one that the end of the time budget stopped: it is not the whole trial.
OUT_OF_TIME_EPOCH = "out_of_time_epoch"


def report_of(record: EpochRecord) -> dict[str, Any]:
    """Return Tune's result of an epoch."""
    score = record.score if record.val_score is None else record.val_score
    return {SCORE: score, EPOCH: record.epoch}


def last_report_of(spec: TrialSpec, result: TrialResult) -> dict[str, Any]:
    """Return Tune's result of a trial that has ended, but for its payload."""
    score = math.nan if result.failure else result.metrics.get(f"{spec.rank_by}_score", math.nan)
    return {SCORE: score, EPOCH: max(1, len(result.epoch_ms)), "done": True}


@ray.remote(num_cpus=0)
class StopBoard:
    """Knows which trials are to stop at their next report."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def add(self, key: str) -> None:
        """Note that the trial `key` is to stop."""
        self._keys.add(key)

    def wants_stop(self, key: str) -> bool:
        """Tell whether the trial `key` is to stop."""
        return key in self._keys


class _Abandoned(BaseException):
    """Ends the thread of a trial that nobody waits for any more."""


class EpochTrainable(tune.Trainable):  # type: ignore[misc]  # ray ships no types
    """One trial: a step lasts until the next epoch that is reported, the last one to its end."""

    def setup(
        self,
        config: dict[str, Any],
        report_epochs: AbstractSet[int] = frozenset(),
        checkpoints: Checkpoints | None = None,
        board: Any = None,
    ) -> None:
        """Keep what all trials share."""
        self._report_epochs = report_epochs
        self._checkpoints = checkpoints
        self._board = board
        self._thread: threading.Thread | None = None
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin another trial."""
        self._abandon()
        self._spec: TrialSpec = new_config[SPEC]
        self._reference = new_config[DATA]
        self._end: float = new_config[END]
        self._reports: queue.SimpleQueue[EpochRecord | TrialResult] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._stopped: dict[str, float] = {}
        self._epoch = 0
        return True

    def step(self) -> dict[str, Any]:
        """Train to the next report; the last one carries the result."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="trial", daemon=True)
            self._thread.start()
        else:
            self._answer()
        report = self._reports.get()
        if isinstance(report, EpochRecord):
            self._epoch = report.epoch
            return report_of(report)
        self._thread.join()
        self._thread = None
        return self._final(report)

    def cleanup(self) -> None:
        """End a training that was not waited for."""
        self._abandon()

    def _answer(self) -> None:
        stop = ray.get(self._board.wants_stop.remote(self._spec.key))
        if stop:
            self._stopped = {STOPPED_EPOCH: float(self._epoch)}
        self._answers.put("stop" if stop else "go on")

    def _final(self, result: TrialResult) -> dict[str, Any]:
        if result.failure is None:
            result = replace(result, metrics={**result.metrics, **self._stopped})
        return {**last_report_of(self._spec, result), PAYLOAD: (result,)}

    def _run(self) -> None:
        spec = self._spec
        try:
            data = ray.get(self._reference)
            plugin = load_model_plugin(spec.model)
            with Deadline(spec, self._hold) as deadline:
                result = run_trial(spec, data, plugin, deadline, self._checkpoints)
        except _Abandoned:
            return
        except Exception as error:  # noqa: BLE001 - Tune would discard this worker
            result = failed_by(spec.key, error)
        self._reports.put(result)

    def _hold(self, record: EpochRecord) -> bool:
        if time.time() >= self._end:
            self._stopped = {OUT_OF_TIME_EPOCH: float(record.epoch)}
            return True
        if record.epoch not in self._report_epochs:
            return False
        self._reports.put(record)
        answer = self._answers.get()
        if answer == "abandon":
            raise _Abandoned
        return answer == "stop"

    def _abandon(self) -> None:
        if self._thread is not None:
            self._answers.put("abandon")
            self._thread = None
