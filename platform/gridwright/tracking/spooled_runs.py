"""Spool files -> runs: one run for each, whole, whichever process dies on the way.

Whoever calls this holds the lock of the store.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from typing import TYPE_CHECKING

from gridwright.errors import TrackingError
from gridwright.tracking import run_record, spool, tags
from gridwright.tracking.embedded_store import EmbeddedStore
from gridwright.tracking.params import flat_params

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.entities import Run

    from gridwright.tracking.known_runs import KnownRuns
    from gridwright.tracking.spool import SpooledTrial
    from gridwright.tracking.store import Store
    from gridwright.tracking.writer import Waiting

_log = logging.getLogger(__name__)


class SpooledRuns:
    """Writes the run of a spool file, and then removes the file.

    Args:
        store: where the runs go.
        known: hears of each run that was written.
    """

    def __init__(self, store: Store, known: KnownRuns) -> None:
        self._store = store
        self._known = known
        self._cut_off: dict[str, list[str]] = {}
        # Files of which an attempt to write them failed, perhaps halfway.
        self._doubtful: set[Path] = set()
        self._embedded = EmbeddedStore.behind(store.client)

    def recover(self) -> int:
        """Write what a dead process has left in the spool; return how many trials that were."""
        files = spool.pending(self._store.settings.own_spool)
        recovered = sum(self._recover_file(file) for file in files)
        self._cut_off = self._find_cut_off()
        return recovered

    def write(self, waiting: Waiting, *, shared: bool) -> None:
        """Write the run of one file of this process.

        Args:
            waiting: the file, with what it holds if that is still known.
            shared: other processes write to this store, too.
        """
        file = waiting.file
        if not file.exists():
            # Another process has recovered it.
            self._known.forget()
            return
        trial = waiting.trial or spool.read(file)
        if shared and self._known.by_another(trial):
            file.unlink()
            return
        self._replace_cut_off(trial.spec.key)
        begun = self._begun(trial) if file in self._doubtful else None
        self._doubtful.add(file)
        self._complete(file, trial, begun)
        self._doubtful.remove(file)

    def _recover_file(self, file: Path) -> int:
        try:
            trial = spool.read(file)
        except TrackingError as error:
            _log.warning("%s; it is now %s, and its trial runs again", error, spool.set_aside(file))
            return 0
        begun = self._begun(trial)
        if begun is None and self._known.by_another(trial):
            # It is of a process that is alive, and which another one was quicker than.
            file.unlink()
            return 0
        self._complete(file, trial, begun)
        return 1

    def _begun(self, trial: SpooledTrial) -> Run | None:
        """Return the run that was begun for just this result, by whichever process.

        A client that got no answer asks again: of two runs the one that went further counts.
        """
        condition = tags.equals(tags.TRIAL_KEY, trial.spec.key)
        same = [
            run
            for run in self._store.runs(trial.experiment_name, condition)
            if run.info.start_time == trial.result.started_ms
        ]
        same.sort(key=lambda run: run.info.status == "RUNNING")
        for repeated in same[1:]:
            self._store.client.delete_run(repeated.info.run_id)
        return same[0] if same else None

    def _complete(self, file: Path, trial: SpooledTrial, begun: Run | None) -> None:
        if begun is not None and begun.info.status != "RUNNING":
            # Only the end of the spool file was missing.
            run_id = begun.info.run_id
        else:
            run_id = self._write_run(trial, None if begun is None else begun.info.run_id)
        file.unlink()
        self._known.add(tags.written_run(run_id, trial, flat_params(trial.spec)))

    def _write_run(self, trial: SpooledTrial, begun: str | None) -> str:
        """Write the run of `trial`, or what lacks of the one that was begun; return its id."""
        client = self._store.client
        experiment_id = self._store.experiment_id(trial.experiment_name)
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
        experiment = self._store.settings.experiment_name
        for run in self._store.runs(experiment, "attributes.status = 'RUNNING'"):
            key = run.data.tags.get(tags.TRIAL_KEY)
            if key is not None:
                found[key].append(run.info.run_id)
        return found

    def _replace_cut_off(self, key: str) -> None:
        """Delete the runs of a trial that were cut off and whose spool file is lost."""
        for run_id in self._cut_off.pop(key, []):
            if self._store.client.get_run(run_id).info.status == "RUNNING":
                self._store.client.delete_run(run_id)
