"""The leaderboard as a table for the terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gridwright.tracking.distinction import distinguished, share_all_settings
from gridwright.tracking.repeats import LEGEND, RepeatBoard

if TYPE_CHECKING:
    from gridwright.tracking.leaderboard import Cell, Leaderboard
    from gridwright.tracking.records import FinishedRun

# Metrics that the terminal shows: those that rank, and the next two; the CSV file has them all.
_METRICS = 4
# A swept architecture would push the scores out of sight.
_SETTING = 40
# Heads the one column in which the trials of different models are told apart.
_TRIAL = "trial"


def leaderboard_text(board: Leaderboard, count: int, width: int = 120) -> str:
    """Return the first `count` rows as a table for a terminal of `width` characters.

    Where seeds were repeated, a row is a configuration with all of its seeds, as in the report.
    """
    by_key: dict[str, list[FinishedRun]] = {}
    for run in board.runs:
        by_key.setdefault(run.dataset_key, []).append(run)
    repeats = [RepeatBoard.of(runs, board.rank_by) for runs in by_key.values()]
    if any(repeats):
        return "\n\n".join(_repeats(one, count, width) for one in repeats if one is not None)
    return _trials(board, count, width)


def _repeats(board: RepeatBoard, count: int, width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in board.columns:
        number = name not in board.swept and name != "lead"
        table.add_column(
            name.replace("_", " "), justify="right" if number else "left", overflow="fold"
        )
    for row in board.rows(count):
        cells = zip(row, board.columns, strict=True)
        table.add_row(*(_text(value, name in board.swept) for value, name in cells))
    return f"{_printed(table, width)}\n\n{LEGEND}"


def _trials(board: Leaderboard, count: int, width: int) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    columns, rows = _columns_and_rows(board, count)
    hidden = {"run_id", "status", *board.metrics[_METRICS:]}
    if not any(run.failure for run in board.runs[:count]):
        hidden.add("failure")
    shown = [place for place, name in enumerate(columns) if name not in hidden]
    settings = {_TRIAL, *board.swept}
    for place in shown:
        name = columns[place]
        number = name == "rank" or name in board.metrics
        table.add_column(
            name.replace("_", " "),
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=name in settings,
        )
    for row in rows:
        table.add_row(*(_text(row[place], columns[place] in settings) for place in shown))
    return _printed(table, width)


def _printed(table: Table, width: int) -> str:
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def _columns_and_rows(
    board: Leaderboard, count: int
) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Return the table, with one column for what tells trials apart where models differ."""
    runs = [run.parameters for run in board.runs]
    if share_all_settings(runs):
        return board.columns, board.rows(count)
    end = 2 + len(board.swept)  # after rank and run_id
    columns = (*board.columns[:2], _TRIAL, *board.columns[end:])
    labels = distinguished(runs)
    rows = board.rows(count)
    return columns, [
        (*row[:2], words, *row[end:]) for row, words in zip(rows, labels, strict=False)
    ]


def _text(value: object, setting: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    return escape(f"{text[: _SETTING - 3]}..." if setting and len(text) > _SETTING else text)
