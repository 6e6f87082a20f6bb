"""The report of a sweep as one page that needs nothing else: no script, no request."""

from __future__ import annotations

import base64
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined

from gridwright.tracking.ranking import score_name
from gridwright.tracking.report_table import ReportTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.tracking.champion import PromotionOutcome
    from gridwright.tracking.leaderboard import Cell, Leaderboard
    from gridwright.tracking.records import SweepRecord
    from gridwright.tracking.report_content import Chapter

_TEMPLATE = "report.html"
#: Rows of a table that the page shows; its CSV file has them all.
ROWS = 50
_RUN_ID = 8
# Smaller than this share of itself, the text of a figure is too small to be read.
_READABLE = 0.6


def html_report(
    sweep: SweepRecord,
    chapters: Sequence[Chapter],
    outcomes: Sequence[PromotionOutcome],
    tables: Sequence[ReportTable],
    remarks: Sequence[str],
) -> str:
    """Return the page.

    Args:
        sweep: what was run.
        chapters: one for each data set.
        outcomes: what became of the best of each data set.
        tables: of the sweep as a whole, such as its claims.
        remarks: sentences for the top of the page.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"cell": _cell, "inline": _inline, "narrowest": _narrowest}
    template = environment.from_string(
        (files("gridwright.tracking") / _TEMPLATE).read_text(encoding="utf-8")
    )
    return template.render(
        sweep=sweep,
        metric=score_name(sweep.rank_by),
        chapters=[(chapter, _tables(chapter)) for chapter in chapters],
        outcomes=outcomes,
        tables=tables,
        remarks=remarks,
        rows=ROWS,
    )


def _tables(chapter: Chapter) -> list[ReportTable]:
    """Return the tables of a chapter, the one that ranks first: of configurations, or of trials."""
    tables = list(chapter.tables)
    tables.insert(0 if chapter.repeats is None else 1, _leaderboard(chapter.board))
    return tables


def _leaderboard(board: Leaderboard) -> ReportTable:
    # Failed trials have a table of their own.
    places = [i for i, name in enumerate(board.columns) if name not in {"status", "failure"}]
    finished = sum(run.failure is None for run in board.runs)
    rows = [[row[place] for place in places] for row in board.rows(min(ROWS, finished))]
    more = finished - len(rows)
    note = (
        f"The first {ROWS} of {finished} finished trials; leaderboard.csv has them all."
        if more
        else ""
    )
    return ReportTable("Leaderboard", [board.columns[place] for place in places], rows, note)


def _cell(value: Cell, column: str) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and "epoch" in column:
        return f"{value:g}"  # a metric of MLflow's is a float, and this one counts
    if isinstance(value, float):
        return f"{value:.4f}" if 1e-3 <= abs(value) < 1e4 else f"{value:.4g}"
    return str(value)[:_RUN_ID] if column == "run_id" else str(value)


def _inline(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _narrowest(png: bytes) -> int:
    """Return the width in pixels to which a page may shrink a figure: the header says its own."""
    return round(int.from_bytes(png[16:20], "big") * _READABLE)
