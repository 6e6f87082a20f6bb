"""The leaderboard as a table for the terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from gridwright.tracking.leaderboard import Leaderboard

# Metrics that the terminal shows: those that rank, and the next two; the CSV file has them all.
_METRICS = 4
# A swept architecture would push the scores out of sight.
_SETTING = 40


def leaderboard_text(board: Leaderboard, count: int, width: int = 120) -> str:
    """Return the first `count` rows as a table for a terminal of `width` characters."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    hidden = {"run_id", "status", *board.metrics[_METRICS:]}
    if not any(run.failure for run in board.runs[:count]):
        hidden.add("failure")
    shown = [place for place, name in enumerate(board.columns) if name not in hidden]
    for place in shown:
        name = board.columns[place]
        number = name == "rank" or name in board.metrics
        table.add_column(
            name.replace("_", " "),
            justify="right" if number else "left",
            overflow="fold",
            no_wrap=name in board.swept,
        )
    for row in board.rows(count):
        table.add_row(*(_text(row[place], board.columns[place] in board.swept) for place in shown))
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def _text(value: object, setting: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    text = str(value)
    return escape(f"{text[: _SETTING - 3]}..." if setting and len(text) > _SETTING else text)
