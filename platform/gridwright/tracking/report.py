"""The report of a sweep, on its run: leaderboard, figures and note."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gridwright.contract import HISTORIES
from gridwright.tracking import tags
from gridwright.tracking.figures import CURVES, Curves, best_curves, effects
from gridwright.tracking.leaderboard import Leaderboard
from gridwright.tracking.note import sweep_note
from gridwright.tracking.params import TAG_LENGTH, shortened
from gridwright.tracking.store import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from gridwright.contract import RankBy
    from gridwright.tracking.champion import PromotionOutcome
    from gridwright.tracking.records import FinishedRun, SweepRecord
    from gridwright.tracking.store import Store

_TABLE = "leaderboard.json"


def log_report(
    store: Store,
    run_id: str,
    sweep: SweepRecord,
    runs: Sequence[FinishedRun],
    outcomes: Sequence[PromotionOutcome] = (),
) -> Leaderboard:
    """Write the report of a sweep on its run, in place of an earlier one, and return its table.

    Args:
        store: where the sweep is tracked.
        run_id: the sweep's run.
        sweep: what it is.
        runs: its trials, failed ones included.
        outcomes: what became of the best of each data set.

    Raises:
        TrackingError: the store refuses it.
    """
    board = Leaderboard.of(runs, sweep.rank_by)
    with (
        store.lock,
        sentences(store.settings, "write the report of the sweep"),
        tempfile.TemporaryDirectory() as name,
    ):
        folder = Path(name)
        (folder / "leaderboard.csv").write_text(board.to_csv(), encoding="utf-8")
        (folder / _TABLE).write_text(board.to_json(), encoding="utf-8")
        (folder / "figures").mkdir()
        for file, figure in _figures(store, board, sweep.rank_by).items():
            figure.savefig(folder / "figures" / file)
        store.client.log_artifacts(run_id, name)
        note = sweep_note(sweep, board, outcomes)
        store.client.set_tag(run_id, tags.NOTE, shortened(note, TAG_LENGTH))
        # By this tag MLflow's UI offers the file as a table.
        shown = json.dumps([{"path": _TABLE, "type": "table"}])
        store.client.set_tag(run_id, "mlflow.loggedArtifacts", shown)
    return board


def _figures(store: Store, board: Leaderboard, rank_by: RankBy) -> dict[str, Figure]:
    """Return the figures by file name; those of several data sets are kept apart."""
    keys = sorted({run.dataset_key for run in board.runs})
    found: dict[str, Figure] = {}
    for key in keys:
        runs = [run for run in board.runs if run.dataset_key == key]
        finished = [run for run in runs if run.failure is None]
        ending = f"-{key}.png" if len(keys) > 1 else ".png"
        if not finished:
            continue
        best = [_curves(store, run) for run in finished[:CURVES]]
        held_out = "test" if rank_by == "test" else "validation"
        found[f"best_curves{ending}"] = best_curves(
            best, f"{finished[0].dataset}: the best trials", held_out
        )
        effect = effects(
            finished, board.swept, f"{finished[0].dataset}: effect of each parameter", rank_by
        )
        if effect is not None:
            found[f"effects{ending}"] = effect
    return found


def _curves(store: Store, run: FinishedRun) -> Curves:
    histories = {}
    for name in HISTORIES:
        points = store.client.get_metric_history(run.run_id, name)
        histories[name] = ([p.step for p in points], [p.value for p in points])
    return Curves(run.parameters, histories)
