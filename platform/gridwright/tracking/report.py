"""The report of a sweep, on its run: leaderboard, tables, figures, a page, and the note."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow.entities import Metric

from gridwright.tracking import tags
from gridwright.tracking.html_report import html_report
from gridwright.tracking.leaderboard import Leaderboard
from gridwright.tracking.note import BY_TEST_SCORE, sweep_note
from gridwright.tracking.params import TAG_LENGTH, shortened
from gridwright.tracking.report_content import chapters
from gridwright.tracking.store_errors import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gridwright.datasets import TrialData
    from gridwright.tracking.champion import PromotionOutcome
    from gridwright.tracking.records import FinishedRun, SweepRecord
    from gridwright.tracking.report_content import Chapter
    from gridwright.tracking.report_table import ReportTable
    from gridwright.tracking.store import Store

_TABLE = "leaderboard.json"
PAGE = "report.html"


def log_report(
    store: Store,
    run_id: str,
    sweep: SweepRecord,
    runs: Sequence[FinishedRun],
    outcomes: Sequence[PromotionOutcome] = (),
    *,
    data: Mapping[str, TrialData] | None = None,
    tables: Sequence[ReportTable] = (),
) -> Leaderboard:
    """Write the report of a sweep on its run, in place of an earlier one, and return its table.

    Args:
        store: where the sweep is tracked.
        run_id: the sweep's run.
        sweep: what it is.
        runs: its trials, failed ones included.
        outcomes: what became of the best of each data set.
        data: the data by `FinishedRun.dataset_key`, to show the best models at work.
        tables: further tables about the sweep as a whole, such as its claims.

    Raises:
        TrackingError: the store refuses it.
    """
    board = Leaderboard.of(runs, sweep.rank_by)
    with (
        store.lock,
        sentences(store.settings, "write the report of the sweep"),
        tempfile.TemporaryDirectory() as name,
    ):
        parts = chapters(store, board, sweep.rank_by, data or {})
        _write(Path(name), board, parts, tables)
        remarks = [BY_TEST_SCORE.replace("`", "")] if sweep.rank_by == "test" else []
        page = html_report(sweep, parts, outcomes, tables, remarks)
        Path(name, PAGE).write_text(page, encoding="utf-8")
        store.client.log_artifacts(run_id, name)
        store.client.log_batch(run_id, metrics=_summary(parts))
        note = sweep_note(sweep, board, parts, outcomes, tables)
        store.client.set_tag(run_id, tags.NOTE, shortened(note, TAG_LENGTH))
        # By this tag MLflow's UI offers the file as a table.
        shown = json.dumps([{"path": _TABLE, "type": "table"}])
        store.client.set_tag(run_id, "mlflow.loggedArtifacts", shown)
    return board


def _summary(parts: Sequence[Chapter]) -> list[Metric]:
    """Return what the list of runs can show of a sweep: the best scores, and how many failed."""
    now = time.time_ns() // 1_000_000
    found = {"failed_trials": 0.0}
    for part in parts:
        failed = sum(run.failure is not None for run in part.board.runs)
        found["failed_trials"] += failed
        ending = "" if len(parts) == 1 else f".{part.dataset}"
        best = part.board.runs[0]
        for name in ("validation_score", "test_score"):
            if best.failure is None and name in best.metrics:
                found[f"best_{name}{ending}"] = best.metrics[name]
    return [Metric(name, value, now, 0) for name, value in found.items()]


def _write(
    folder: Path, board: Leaderboard, parts: Iterable[Chapter], tables: Iterable[ReportTable]
) -> None:
    (folder / "leaderboard.csv").write_text(board.to_csv(), encoding="utf-8")
    (folder / _TABLE).write_text(board.to_json(), encoding="utf-8")
    (folder / "figures").mkdir()
    for table in (*tables, *(table for part in parts for table in part.tables)):
        if table.file:
            (folder / table.file).write_text(table.to_csv(), encoding="utf-8")
    for part in parts:
        for picture in part.pictures:
            (folder / "figures" / picture.file).write_bytes(picture.png)
