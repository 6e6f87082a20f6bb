"""A trial that is trained in parts: its state lies in its checkpoints between two of them.

Between two parts the trial may go on with the state of another trial, and with other parameters:
its records stay its own, and its result says which epochs were whose (population based training).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gridwright.captured_output import LIMIT, captured_output
from gridwright.contract import Checkpointable
from gridwright.errors import PluginError
from gridwright.histories import EpochRecorder
from gridwright.trial import TrialUnderWay, threads

if TYPE_CHECKING:
    from gridwright.captured_output import CapturedOutput
    from gridwright.checkpoints import Checkpoints, Progress
    from gridwright.contract import (
        EpochRecord,
        Estimator,
        Exploit,
        ModelPlugin,
        OnEpoch,
        TrialResult,
        TrialSpec,
    )
    from gridwright.datasets import TrialData

#: Metric of a trial of a population: how often it went on with the state of another one.
EXPLOITS = "exploits"
#: States of a trial that are kept: others may go on from the last but one.
_KEPT = 2


@dataclass(frozen=True, slots=True)
class Part:
    """Which epochs of a trial are trained, and from which state.

    Attributes:
        begin: epochs that are behind it.
        end: its last epoch; None for the last one of the training.
        source: key of the trial whose state after `begin` it goes on from; mostly its own.
        exploits: of the trial, so far.
    """

    begin: int
    end: int | None
    source: str
    exploits: tuple[Exploit, ...] = ()


def run_part(
    spec: TrialSpec,
    data: TrialData,
    plugin: ModelPlugin,
    *,
    part: Part,
    checkpoints: Checkpoints,
    on_epoch: OnEpoch | None = None,
) -> TrialResult | Progress:
    """Train a part of a trial.

    Args:
        spec: the trial, with the parameters that it has from now on.
        data: its data, already split.
        plugin: builds the estimator.
        part: which epochs.
        checkpoints: where its state is, and that of `part.source`.
        on_epoch: hears of each epoch; returning True ends the trial there.

    Returns:
        How far the trial has come; the result of the whole trial if it has come to its end.
    """
    under_way = _PartUnderWay(
        spec, data, plugin, part=part, checkpoints=checkpoints, on_epoch=on_epoch
    )
    with captured_output() as under_way.printed:
        under_way.attempt(under_way.run)
    return under_way.outcome()


class _PartUnderWay(TrialUnderWay):
    def __init__(
        self,
        spec: TrialSpec,
        data: TrialData,
        plugin: ModelPlugin,
        *,
        part: Part,
        checkpoints: Checkpoints,
        on_epoch: OnEpoch | None,
    ) -> None:
        super().__init__(spec, data, plugin, EpochRecorder(on_epoch), checkpoints)
        self.printed: CapturedOutput | None = None
        self._part = part
        self._states = checkpoints.of(spec.key)
        self._source = checkpoints.of(part.source)
        self._before: Progress | None = None
        self._paused: Progress | None = None

    def run(self) -> None:
        """Train to the end of the part; measure and store a model whose training has ended."""
        estimator = self.build()
        if not isinstance(estimator, Checkpointable):
            raise PluginError(
                f"model plugin '{self.plugin.name}': {type(estimator).__name__} has no "
                "checkpoints, which a plugin with `changeable` promises"
            )
        with threads(self.spec.config):
            self.fit(estimator)
            if self._paused is None:
                self.evaluate(estimator)

    def fit(self, estimator: Estimator) -> None:
        """Train the part's epochs."""
        start = time.perf_counter()
        if self._part.begin and isinstance(estimator, Checkpointable):
            self._before = self._states.after(self._part.begin)
            self._source.give(estimator, self._part.begin)
            self.started_ms = self._before.started_ms
            self.recorder.take_up(self._before.records, self._before.epoch_ms)
            start -= self._before.fit_seconds
        listener = self.recorder.listener

        def on_epoch(record: EpochRecord) -> bool:
            stop = bool(listener(record)) if listener else False
            if stop or record.epoch != self._part.end or not isinstance(estimator, Checkpointable):
                return stop
            return self._pause(estimator, time.perf_counter() - start)

        self.recorder.listener = on_epoch
        try:
            with self.recorder.training():
                estimator.fit(self.data.x_train, self.data.y_train, self.validation, self.recorder)
        finally:
            self.trained(time.perf_counter() - start)
            self.metrics[EXPLOITS] = float(len(self._part.exploits))

    def _pause(self, estimator: Checkpointable, fit_seconds: float) -> bool:
        progress = self.progress(fit_seconds)
        progress = progress._replace(exploits=self._part.exploits, log=self._log())
        self._states.save(estimator, progress, keep=_KEPT)
        self._paused = progress
        return True

    def outcome(self) -> TrialResult | Progress:
        """Return how far the trial has come, or its result."""
        if self._paused is not None and self.failure is None:
            return self._paused
        return replace(self.result(self._log()), exploits=self._part.exploits)

    def _log(self) -> str:
        parts = [
            "" if self._before is None else self._before.log,
            "" if self.printed is None else self.printed.text,
        ]
        return "".join(parts)[-LIMIT:]
