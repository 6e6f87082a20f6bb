"""`dry_run=true`: the grid as a table, and which of its trials are already finished."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gridwright.contract import TrialSpec

#: Trials of a larger grid that are shown: the first ones and the last ones.
FIRST, LAST = 10, 2
#: Values of one setting that are listed.
_VALUES = 8
_WIDTH = 120
_LONGEST = 40


def grid_text(specs: Sequence[TrialSpec], finished: Collection[str]) -> str:
    """Return the settings that differ, and the trials in their order, shortened in the middle.

    A grid of one trial has no such table.

    Args:
        specs: the trials.
        finished: keys of trials that need not run again.
    """
    cells = [dict(_setting(line) for line in spec.overrides) for spec in specs]
    names = list(dict.fromkeys(name for cell in cells for name in cell))
    values = {name: list(dict.fromkeys(cell.get(name, "") for cell in cells)) for name in names}
    varied = [name for name in names if len(values[name]) > 1]
    lines = [dimension_line(name, values[name]) for name in varied]
    states = ["finished" if spec.key in finished else "to run" for spec in specs]
    return "\n".join(["", *lines, "", _table(varied, cells, states), ""]) if varied else ""


def _setting(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, value


def dimension_line(name: str, values: Sequence[str]) -> str:
    """Return the line that lists the values of one setting, shortened where they are many."""
    more = f" ... {values[-1]}" if len(values) > _VALUES + 1 else ""
    shown = values if not more else values[:_VALUES]
    listed = "  ".join(_shortened(value) for value in shown)
    return f"  {name:<24} {len(values):>4} values: {listed}{more}"


def _table(varied: Sequence[str], cells: Sequence[dict[str, str]], states: Sequence[str]) -> str:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("trial", justify="right")
    for name in varied:
        table.add_column(name.removeprefix("model."), overflow="fold")
    table.add_column("state")
    hidden = range(FIRST, len(cells) - LAST)
    for index, (cell, state) in enumerate(zip(cells, states, strict=True)):
        if index in hidden:
            if index == FIRST:
                table.add_row("...", *[""] * len(varied), f"{len(hidden)} more")
            continue
        row = [escape(_shortened(cell.get(name, ""))) for name in varied]
        table.add_row(str(index + 1), *row, state)
    text = io.StringIO()
    Console(file=text, width=_WIDTH, color_system=None).print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."
