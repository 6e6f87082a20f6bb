"""The run of a sweep: the parent of its trials' runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gridwright.tracking import tags

if TYPE_CHECKING:
    from mlflow.entities import Run

    from gridwright.tracking.provenance import Provenance
    from gridwright.tracking.records import SweepRecord, SweepStatus
    from gridwright.tracking.store import Store


@dataclass(frozen=True, slots=True)
class SweepRun:
    """The parent run of this process's sweep.

    Attributes:
        run_id: MLflow's id.
        complete: it was FINISHED when it was found, and nothing was added since.
    """

    run_id: str
    complete: bool

    def with_news(self) -> SweepRun:
        """Return the same run, once something is added to it."""
        return replace(self, complete=False)


def start(store: Store, sweep: SweepRecord, provenance: Provenance) -> SweepRun:
    """Return the run with the key of `sweep`: one that was interrupted goes on, else a new one."""
    run = _find(store, sweep.key)
    if run is None or (sweep.anew and run.info.status == "FINISHED"):
        created = store.client.create_run(
            store.experiment_id(store.settings.experiment_name),
            tags=tags.of_sweep(sweep, provenance),
            run_name=sweep.name,
        )
        return SweepRun(created.info.run_id, complete=False)
    complete = run.info.status == "FINISHED"
    if not complete:
        store.client.update_run(run.info.run_id, status="RUNNING")
    return SweepRun(run.info.run_id, complete=complete)


def end(store: Store, run: SweepRun, status: SweepStatus) -> None:
    """Give the run its final status, unless it has it already and got no news."""
    if not run.complete:
        store.client.set_terminated(run.run_id, status=status)


def _find(store: Store, key: str) -> Run | None:
    condition = tags.equals(tags.SWEEP_KEY, key)
    return next(store.runs(store.settings.experiment_name, condition), None)
