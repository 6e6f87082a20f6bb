"""One process's view of the tracking: what is finished, what is being written, the sweep's run."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from gridwright.passwords import without_passwords
from gridwright.tracking import spool, sweep_run, tags
from gridwright.tracking.known_runs import KnownRuns
from gridwright.tracking.neighbours import Presence, Turn
from gridwright.tracking.probes import bounded_probes
from gridwright.tracking.provenance import Provenance, capture
from gridwright.tracking.spool import SpooledTrial
from gridwright.tracking.spooled_runs import SpooledRuns
from gridwright.tracking.store import Store
from gridwright.tracking.store_errors import StoreUnavailable, sentences
from gridwright.tracking.writer import Waiting, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData
    from gridwright.tracking.records import FinishedRun, SweepRecord, SweepStatus, TrackingSettings

_log = logging.getLogger(__name__)
_EXAMPLES = 2


class TrackingSession:
    """Takes finished trials and makes MLflow runs of them; safe against the death of the process.

    A trial is in the spool once `submit` returns. Opening a session writes what a process that
    died has left there. Use it as a context manager: leaving it writes what was submitted, unless
    an exception is on its way, when the rest stays in the spool for the next session.

    Attributes:
        store: the tracking store.
        provenance: the code that the runs come from.
        recovered: trials of a dead process that opening this session has written.
    """

    def __init__(self, store: Store, provenance: Provenance) -> None:
        self.store = store
        self.provenance = provenance
        self.recovered = 0
        self._known = KnownRuns(store)
        self._spooled_runs = SpooledRuns(store, self._known)
        self._sweep: sweep_run.SweepRun | None = None
        self._turn: Turn | None = None
        self._waits_for_room = False
        settings = store.settings
        with store.lock:
            self._presence = Presence(settings.own_spool)
        self._writer = Writer(self._write, settings.patience, settings.retry_interval)

    @classmethod
    def open(cls, settings: TrackingSettings) -> TrackingSession:
        """Open the store, and complete what a dead process left behind.

        Raises:
            TrackingError: the store or the spool folder cannot be used.
        """
        session = cls(Store.open(settings), capture())
        session.recover()
        # What MLflow's import left lives as long as the process. Writing a run makes ten thousand
        # objects, and each full collection would walk all of that again: 12% of a run's cost.
        gc.freeze()
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                self._writer.stop()
                return
            self._writer.close()
            self._writer.drain()
        finally:
            self._end_turn()
            self.store.close()

    def recover(self) -> int:
        """Write what the spool holds, and return how many trials that were.

        A run that was cut off is completed under its own id.

        Raises:
            TrackingError: the store refuses something.
        """
        store = self.store
        with store.lock, sentences(store.settings, "complete cut-off runs"):
            recovered = self._spooled_runs.recover()
        self.recovered += recovered
        return recovered

    def finished(self) -> dict[str, FinishedRun]:
        """Return the trials that need not run again, by key: the finished and the diverged."""
        with sentences(self.store.settings, "read the finished runs"):
            return self._known.finished()

    def runs(self, keys: Sequence[str]) -> list[FinishedRun]:
        """Return the runs of these trials, with those that stopped with an error in this session.

        Trials that have no run yet are left out.
        """
        with sentences(self.store.settings, "read the finished runs"):
            return self._known.runs(keys)

    def start_sweep(self, sweep: SweepRecord) -> str:
        """Return the id of the sweep's run: a new one, or the one with the same key.

        For a sweep that runs its trials anew, only its own count as finished from here on. Where
        another process runs the same sweep, this waits for its end.

        Raises:
            TrackingError: the store refuses it.
        """
        self._end_turn()
        self._turn = Turn(self.store.settings.own_spool, sweep.key)
        if self._turn.take():
            self._known.forget()
            self.recover()  # the other one may have died
        with self.store.lock, sentences(self.store.settings, "start the run of the sweep"):
            self._sweep = sweep_run.start(self.store, sweep, self.provenance)
            if sweep.anew:
                self._known.count_only_below(self._sweep.run_id)
        return self._sweep.run_id

    def commands(self, sweep_run_id: str) -> list[str]:
        """Return the commands of the finished trials below a sweep's run, the first one first."""
        condition = tags.equals(tags.PARENT, sweep_run_id)
        with sentences(self.store.settings, "read the trials of the sweep"):
            found = list(self.store.runs(self.store.settings.experiment_name, condition))
        ended = [run for run in found if run.info.status in {"FINISHED", "FAILED"}]
        ended.sort(key=lambda run: run.info.start_time)
        return [run.data.tags.get("gridwright.command", "") for run in ended]

    def submit(
        self,
        spec: TrialSpec,
        result: TrialResult,
        data: TrialData,
        requirements: Sequence[str],
        parent_run_id: str | None = None,
    ) -> None:
        """Store a finished trial in the spool, and let the writer make a run of it.

        Args:
            spec: the trial.
            result: what it left.
            data: what it ran on.
            requirements: `ModelPlugin.requirements`, for the served model.
            parent_run_id: the sweep's run; None for a single run.

        Raises:
            TrackingError: the spool folder cannot be written.
        """
        settings = self.store.settings
        trial = SpooledTrial(
            spec=_public(spec),
            result=result,
            description=data.description,
            data_source=data.source,
            requirements=tuple(requirements),
            experiment_name=settings.experiment_name,
            parent_run_id=parent_run_id,
            provenance=self.provenance,
            examples=data.x_train[:_EXAMPLES],
            preprocessing="" if data.preprocessing is None else data.preprocessing.to_json(),
            data_profile=data.profile(),
        )
        trial = bounded_probes(trial, data)
        self._writer.put(self._spooled(trial), trial)
        if self._sweep is not None and parent_run_id == self._sweep.run_id:
            self._sweep = self._sweep.with_news()

    def _spooled(self, trial: SpooledTrial) -> Path:
        """Store `trial` in the spool; a disk that is full gets room as the writer goes on."""
        settings = self.store.settings
        end = time.monotonic() + settings.patience
        while True:
            try:
                return spool.write(settings.own_spool, trial)
            except StoreUnavailable as error:
                if self._writer.failed or time.monotonic() > end:
                    raise
                if not self._waits_for_room:
                    _log.warning("%s; waiting for room", error)
                self._waits_for_room = True
                time.sleep(settings.retry_interval)

    def drain(self) -> None:
        """Wait until every submitted trial is a complete run.

        Raises:
            TrackingError: the store refused one; it stays in the spool with all that came after.
        """
        self._writer.drain()

    def end_sweep(self, status: SweepStatus) -> None:
        """Give the sweep's run its final status; a finished one that got no news stays as it is."""
        if self._sweep is not None:
            with self.store.lock, sentences(self.store.settings, "end the run of the sweep"):
                sweep_run.end(self.store, self._sweep, status)
        self._end_turn()

    def _end_turn(self) -> None:
        if self._turn is not None:
            self._turn.end()
            self._turn = None

    @property
    def interruptions(self) -> Mapping[str, float]:
        """What the store refused for a while: a sentence each, and the seconds it took."""
        return self._writer.interruptions

    def _write(self, waiting: Waiting) -> None:
        with self.store.lock, sentences(self.store.settings, "write a run"):
            self._spooled_runs.write(waiting, shared=self._presence.others_write())


def _public(spec: TrialSpec) -> TrialSpec:
    """Return `spec` without a password that the address of the tracking store may hold."""
    config = dict(spec.config)
    tracking = config.get("tracking")
    if isinstance(tracking, Mapping):
        texts = {k: without_passwords(v) if isinstance(v, str) else v for k, v in tracking.items()}
        config["tracking"] = texts
    overrides = tuple(map(without_passwords, spec.overrides))
    return replace(
        spec, config=config, overrides=overrides, command=without_passwords(spec.command)
    )
