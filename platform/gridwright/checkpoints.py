"""Checkpoints of trials under way: after a kill, a trial goes on with the epoch after its last one.

One folder for each trial, `<folder>/<trial key>/<epoch>`, holds the estimator's own files and
`progress.json`: the epochs reported so far, with their times. An epoch's folder is written beside
its final name and renamed, so that a process that dies leaves a whole one or none. As the spool,
it outlives the death of a process; a checkpoint that cannot be read is dropped, and its trial
starts anew. Workers on several machines need a folder that all of them reach.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gridwright.contract import Checkpointable, EpochRecord, Exploit
from gridwright.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gridwright.contract import Estimator, TrialResult

_log = logging.getLogger(__name__)

#: Grows when a checkpoint of an older version can no longer be read.
CHECKPOINT_VERSION = 1

#: Metric of a trial that went on from a checkpoint: the last epoch before.
RESUMED_EPOCH = "resumed_epoch"

#: Part of the time of a training that its checkpoints may take.
_SHARE_OF_TIME = 0.05

#: What reading a state that is damaged or gone may raise.
_UNREADABLE = (ModelFileError, OSError, KeyError, ValueError, TypeError)

_PROGRESS = "progress.json"
_ESTIMATOR = "estimator"
_TEMPORARY = ".tmp"


class Progress(NamedTuple):
    """How far a trial has come.

    Attributes:
        started_ms: wall clock at its start, milliseconds since the epoch (Unix).
        fit_seconds: time its training took so far.
        records: what the estimator reported, one a finished epoch.
        epoch_ms: wall clock at the end of each of these epochs.
        exploits: when it went on with the state of another trial.
        log: what it printed so far; empty where each attempt has a log of its own.
    """

    started_ms: int
    fit_seconds: float
    records: tuple[EpochRecord, ...]
    epoch_ms: tuple[int, ...]
    exploits: tuple[Exploit, ...] = ()
    log: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Where the checkpoints of a sweep lie, and how often one is written.

    Attributes:
        folder: absolute, on a disk that every worker reaches.
        seconds: at least so many lie between two checkpoints of a trial; 0 writes one after
            every epoch, whatever it costs.
    """

    folder: Path
    seconds: float

    def of(self, key: str) -> TrialCheckpoint:
        """Return the checkpoint of the trial `key`."""
        return TrialCheckpoint(self.folder / key, self.seconds)

    def settle(self, result: TrialResult) -> None:
        """Remove the checkpoint of a trial whose result is kept elsewhere by now.

        That of a trial that stopped with an error stays: the next run of the command goes on from
        it. It does so once, for the checkpoint itself may be the cause.
        """
        error = result.failure is not None and result.failure.kind == "error"
        if not error or RESUMED_EPOCH in result.metrics:
            self.discard(result.key)

    def discard(self, key: str) -> None:
        """Remove the checkpoint of a trial, if it has one."""
        shutil.rmtree(self.folder / key, ignore_errors=True)


class TrialCheckpoint:
    """The checkpoint of one trial that runs in this process."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._folder = folder
        self._seconds = seconds
        self._due = time.monotonic() + seconds

    def restore(self, estimator: Estimator) -> Progress | None:
        """Give the estimator the newest state that can be read; None if the trial starts anew."""
        if not isinstance(estimator, Checkpointable):
            return None
        for epoch in self._newest_first():
            try:
                progress = _read(epoch)
                estimator.load_checkpoint(epoch / _ESTIMATOR)
            except _UNREADABLE as error:
                _log.warning("the checkpoint %s is dropped, it cannot be read: %s", epoch, error)
                shutil.rmtree(epoch, ignore_errors=True)
            else:
                return progress
        return None

    def newest(self) -> Progress | None:
        """Return how far the trial has come; None where no state can be read."""
        for epoch in self._newest_first():
            with suppress(*_UNREADABLE):
                return _read(epoch)
        return None

    def after(self, epoch: int) -> Progress:
        """Return how far the trial was after an epoch.

        Raises:
            ModelFileError: there is no such state any more.
        """
        try:
            return _read(self._folder / str(epoch))
        except _UNREADABLE as error:
            raise _gone(self._folder, epoch, error) from error

    def give(self, estimator: Checkpointable, epoch: int) -> None:
        """Give an estimator the state after an epoch.

        Raises:
            ModelFileError: there is no such state any more.
        """
        try:
            estimator.load_checkpoint(self._folder / str(epoch) / _ESTIMATOR)
        except _UNREADABLE as error:
            raise _gone(self._folder, epoch, error) from error

    def save_if_due(self, estimator: Estimator, progress: Callable[[], Progress]) -> None:
        """Write the state after an epoch, unless the last checkpoint was written just now.

        A disk that cannot take it, or a training of a kind that cannot go on, costs the checkpoint
        and not the training.
        """
        start = time.monotonic()
        if start < self._due or not isinstance(estimator, Checkpointable):
            return
        state = progress()
        try:
            self.save(estimator, state)
        except (OSError, ModelFileError) as error:
            _log.warning("no checkpoint after epoch %d: %s", len(state.records), error)
        end = time.monotonic()
        if self._seconds:
            self._due = end + max(self._seconds, (end - start) / _SHARE_OF_TIME)

    def save(self, estimator: Checkpointable, progress: Progress, keep: int = 1) -> None:
        """Write the state after the last epoch of `progress`, and keep the newest `keep` states.

        Raises:
            OSError: the disk does not take it.
            ModelFileError: the training is of a kind that cannot go on.
        """
        final = self._folder / str(len(progress.records))
        temporary = final.with_name(f"{final.name}.{os.getpid()}{_TEMPORARY}")
        shutil.rmtree(temporary, ignore_errors=True)
        (temporary / _ESTIMATOR).mkdir(parents=True)
        estimator.save_checkpoint(temporary / _ESTIMATOR)
        (temporary / _PROGRESS).write_text(json.dumps(_json(progress, temporary)), "utf-8")
        shutil.rmtree(final, ignore_errors=True)
        temporary.rename(final)
        # What lies after it belongs to a training that went another way.
        done = len(progress.records)
        kept = [path for path in self._newest_first() if int(path.name) <= done][:keep]
        for other in self._folder.iterdir():
            if other not in kept:
                shutil.rmtree(other, ignore_errors=True)

    def _newest_first(self) -> list[Path]:
        return sorted(self._epochs(), key=lambda path: int(path.name), reverse=True)

    def _epochs(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (path for path in self._folder.iterdir() if path.name.isdecimal())


def _json(progress: Progress, folder: Path) -> dict[str, Any]:
    return {
        "version": CHECKPOINT_VERSION,
        "started_ms": progress.started_ms,
        "fit_seconds": progress.fit_seconds,
        "records": [asdict(record) for record in progress.records],
        "epoch_ms": progress.epoch_ms,
        "exploits": [asdict(exploit) for exploit in progress.exploits],
        "log": progress.log,
        "sha256": _digests(folder / _ESTIMATOR),
    }


def _read(folder: Path) -> Progress:
    stored = json.loads((folder / _PROGRESS).read_text("utf-8"))
    if stored["version"] != CHECKPOINT_VERSION:
        raise ValueError(f"it has version {stored['version']}, not {CHECKPOINT_VERSION}")
    if stored["sha256"] != _digests(folder / _ESTIMATOR):
        raise ValueError("its files are not those that were written")
    return Progress(
        started_ms=int(stored["started_ms"]),
        fit_seconds=float(stored["fit_seconds"]),
        records=tuple(EpochRecord(**record) for record in stored["records"]),
        epoch_ms=tuple(int(moment) for moment in stored["epoch_ms"]),
        exploits=tuple(exploit_of(one) for one in stored.get("exploits", ())),
        log=stored.get("log", ""),
    )


def exploit_of(stored: Mapping[str, Any]) -> Exploit:
    """Return an exploit from what JSON holds of it."""
    lists = {name: tuple(value) for name, value in stored.items() if isinstance(value, list)}
    return Exploit(**{**stored, **lists})


def _gone(folder: Path, epoch: int, error: Exception) -> ModelFileError:
    return ModelFileError(
        f"the state of trial {folder.name[:12]} after epoch {epoch} cannot be read ({error}): "
        f"remove {folder.parent}, and the population begins anew"
    )


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            digests[path.relative_to(folder).as_posix()] = digest
    return digests
