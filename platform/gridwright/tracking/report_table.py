"""A table of a report: rows that a person reads in the page and a program in its CSV file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.tracking.leaderboard import Cell


@dataclass(frozen=True, slots=True)
class ReportTable:
    """One table of a sweep's report, and the CSV file beside it.

    Attributes:
        title: its headline.
        columns: names of the columns.
        rows: the cells; None is an empty one.
        note: a sentence below the headline.
        file: name of the CSV file among the run's artifacts; empty for none.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    file: str = ""

    def to_csv(self) -> str:
        """Return all rows as CSV, with a header."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue()
