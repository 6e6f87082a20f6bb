"""One process's view of the tracking: what is finished, what is being written, the sweep's run."""

from __future__ import annotations

import gc
import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from gridwright.errors import TrackingError
from gridwright.passwords import without_passwords
from gridwright.tracking import run_record, spool, sweep_run, tags
from gridwright.tracking.embedded_store import EmbeddedStore
from gridwright.tracking.neighbours import Presence, Turn
from gridwright.tracking.params import flat_params
from gridwright.tracking.probes import bounded_probes
from gridwright.tracking.provenance import Provenance, capture
from gridwright.tracking.spool import SpooledTrial
from gridwright.tracking.store import Store
from gridwright.tracking.store_errors import StoreUnavailable, sentences
from gridwright.tracking.writer import Waiting, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from mlflow.entities import Run

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
        self._finished: dict[str, FinishedRun] | None = None
        self._errors: dict[str, FinishedRun] = {}
        self._cut_off: dict[str, list[str]] = {}
        self._sweep: sweep_run.SweepRun | None = None
        self._turn: Turn | None = None
        # Of the runs, which count: all, or only those below the sweep's run.
        self._counted = ""
        # Files of which an attempt to write them failed, perhaps halfway.
        self._doubtful: set[Path] = set()
        self._waits_for_room = False
        self._embedded = EmbeddedStore.behind(store.client)
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
            files = spool.pending(store.settings.own_spool)
            recovered = sum(self._recover_file(file) for file in files)
            self._cut_off = self._find_cut_off()
        self.recovered += recovered
        return recovered

    def finished(self) -> dict[str, FinishedRun]:
        """Return the trials that need not run again, by key: the finished and the diverged."""
        if self._finished is None:
            with sentences(self.store.settings, "read the finished runs"):
                self._finished = self._read_finished()
        return dict(self._finished)

    def runs(self, keys: Sequence[str]) -> list[FinishedRun]:
        """Return the runs of these trials, with those that stopped with an error in this session.

        Trials that have no run yet are left out.
        """
        known = self._errors | self.finished()
        return [known[key] for key in keys if key in known]

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
            self._finished = None
            self.recover()  # the other one may have died
        with self.store.lock, sentences(self.store.settings, "start the run of the sweep"):
            self._sweep = sweep_run.start(self.store, sweep, self.provenance)
            if sweep.anew:
                self._counted = f"tags.\"{tags.PARENT}\" = '{self._sweep.run_id}'"
                self._finished = self._read_finished()
        return self._sweep.run_id

    def commands(self, sweep_run_id: str) -> list[str]:
        """Return the commands of the finished trials below a sweep's run, the first one first."""
        condition = f"tags.\"{tags.PARENT}\" = '{sweep_run_id}'"
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
        settings, file = self.store.settings, waiting.file
        with self.store.lock, sentences(settings, "write a run"):
            if not file.exists():
                # Another process has recovered it. Read anew what is finished.
                self._finished = None
                return
            trial = waiting.trial or spool.read(file)
            if self._presence.others_write() and self._is_known(trial):
                file.unlink()
                return
            self._replace_cut_off(trial.spec.key)
            begun = self._begun(trial) if file in self._doubtful else None
            self._doubtful.add(file)
            self._complete(file, trial, begun)
            self._doubtful.remove(file)

    def _is_known(self, trial: SpooledTrial) -> bool:
        """Tell whether another process has finished this trial meanwhile; then its run counts."""
        key = trial.spec.key
        anew = not trial.spec.config.get("reuse", True)
        if trial.result.failure is not None or (anew and not self._counted):
            return False
        same = f"tags.\"{tags.TRIAL_KEY}\" = '{key}'"
        if self._counted:
            same += f" and {self._counted}"
        known = self._read_finished(same).get(key)
        if known is None:
            return False
        if self._finished is not None:
            self._finished[key] = known
        return True

    def _recover_file(self, file: Path) -> int:
        try:
            trial = spool.read(file)
        except TrackingError as error:
            _log.warning("%s; it is now %s, and its trial runs again", error, spool.set_aside(file))
            return 0
        begun = self._begun(trial)
        if begun is None and self._is_known(trial):
            # It is of a process that is alive, and which another one was quicker than.
            file.unlink()
            return 0
        self._complete(file, trial, begun)
        return 1

    def _begun(self, trial: SpooledTrial) -> Run | None:
        """Return the run that was begun for just this result, by whichever process.

        A client that got no answer asks again: of two runs the one that went further counts.
        """
        condition = f"tags.\"{tags.TRIAL_KEY}\" = '{trial.spec.key}'"
        same = [
            run
            for run in self.store.runs(trial.experiment_name, condition)
            if run.info.start_time == trial.result.started_ms
        ]
        same.sort(key=lambda run: run.info.status == "RUNNING")
        for repeated in same[1:]:
            self.store.client.delete_run(repeated.info.run_id)
        return same[0] if same else None

    def _complete(self, file: Path, trial: SpooledTrial, begun: Run | None) -> None:
        if begun is not None and begun.info.status != "RUNNING":
            # Only the end of the spool file was missing.
            run_id = begun.info.run_id
        else:
            run_id = self._write_run(trial, None if begun is None else begun.info.run_id)
        file.unlink()
        run = tags.written_run(run_id, trial, flat_params(trial.spec))
        if run.failure is not None and run.failure.kind == "error":
            self._errors[run.key] = run
        elif self._finished is not None:
            self._finished[run.key] = run

    def _write_run(self, trial: SpooledTrial, begun: str | None) -> str:
        """Write the run of `trial`, or what lacks of the one that was begun; return its id."""
        client = self.store.client
        experiment_id = self.store.experiment_id(trial.experiment_name)
        if begun is None and self._embedded is not None:
            return self._embedded.write(experiment_id, trial)
        run_id = begun or run_record.create(client, experiment_id, trial)
        run_record.fill(client, run_id, trial)
        return run_id

    def _find_cut_off(self) -> dict[str, list[str]]:
        """Return the runs that a dead process has begun and lost, by trial key.

        We hold the lock, so no other process is writing one.
        """
        found: dict[str, list[str]] = defaultdict(list)
        experiment = self.store.settings.experiment_name
        for run in self.store.runs(experiment, "attributes.status = 'RUNNING'"):
            key = run.data.tags.get(tags.TRIAL_KEY)
            if key is not None:
                found[key].append(run.info.run_id)
        return found

    def _replace_cut_off(self, key: str) -> None:
        """Delete the runs of a trial that were cut off and whose spool file is lost."""
        for run_id in self._cut_off.pop(key, []):
            if self.store.client.get_run(run_id).info.status == "RUNNING":
                self.store.client.delete_run(run_id)

    def _read_finished(self, condition: str = "") -> dict[str, FinishedRun]:
        """Return what meets `condition`, or all that counts; of several runs of one the newest."""
        condition = condition or self._counted
        found: dict[str, FinishedRun] = {}
        for run in self.store.runs(self.store.settings.experiment_name, condition):
            if tags.TRIAL_KEY not in run.data.tags or run.info.status not in {"FINISHED", "FAILED"}:
                continue
            record = tags.finished_run(run)
            if record.failure is None or record.failure.kind == "diverged":
                # The newest come first.
                found.setdefault(record.key, record)
        return found


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
