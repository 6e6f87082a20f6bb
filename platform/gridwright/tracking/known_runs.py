"""Which trials need not run again: the runs of the store that count as finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.tracking import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.tracking.records import FinishedRun
    from gridwright.tracking.spool import SpooledTrial
    from gridwright.tracking.store import Store


class KnownRuns:
    """The runs of one experiment by trial key, read when they are first asked for.

    Args:
        store: where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._finished: dict[str, FinishedRun] | None = None
        self._errors: dict[str, FinishedRun] = {}
        # Which count: all, or only those below one sweep's run.
        self._counted = ""

    def finished(self) -> dict[str, FinishedRun]:
        """Return the finished and the diverged."""
        if self._finished is None:
            self._finished = self._read(self._counted)
        return dict(self._finished)

    def runs(self, keys: Sequence[str]) -> list[FinishedRun]:
        """Return those of these keys, with those that stopped with an error in this process."""
        known = self._errors | self.finished()
        return [known[key] for key in keys if key in known]

    def add(self, run: FinishedRun) -> None:
        """Count a run that was just written."""
        if run.failure is not None and run.failure.kind == "error":
            self._errors[run.key] = run
        elif self._finished is not None:
            self._finished[run.key] = run

    def forget(self) -> None:
        """Read them anew when they are asked for: another process has written some."""
        self._finished = None

    def count_only_below(self, parent_run_id: str) -> None:
        """Count only the runs of one sweep from here on."""
        self._counted = tags.equals(tags.PARENT, parent_run_id)
        self._finished = self._read(self._counted)

    def by_another(self, trial: SpooledTrial) -> bool:
        """Tell whether another process has finished this trial meanwhile; then its run counts."""
        key = trial.spec.key
        anew = not trial.spec.config.get("reuse", True)
        if trial.result.failure is not None or (anew and not self._counted):
            return False
        same = tags.equals(tags.TRIAL_KEY, key)
        if self._counted:
            same += f" and {self._counted}"
        known = self._read(same).get(key)
        if known is None:
            return False
        if self._finished is not None:
            self._finished[key] = known
        return True

    def _read(self, condition: str) -> dict[str, FinishedRun]:
        """Return what meets `condition` and counts; of several runs of a trial the newest."""
        found: dict[str, FinishedRun] = {}
        for run in self._store.runs(self._store.settings.experiment_name, condition):
            if tags.TRIAL_KEY not in run.data.tags or run.info.status not in {"FINISHED", "FAILED"}:
                continue
            record = tags.finished_run(run)
            if record.failure is None or record.failure.kind == "diverged":
                # The newest come first.
                found.setdefault(record.key, record)
        return found
