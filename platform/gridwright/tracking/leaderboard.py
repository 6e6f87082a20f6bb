"""The leaderboard of a sweep: its trials, best first, with what distinguishes them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridwright.tracking.params import swept_names
from gridwright.tracking.ranking import ranked, ranking_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import RankBy
    from gridwright.tracking.records import FinishedRun

Cell = str | int | float | None

_METRICS = (
    "validation_score",
    "test_score",
    "train_score",
    "validation_loss",
    "test_loss",
    "train_loss",
    "epochs_run",
    "fit_seconds",
)


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A table of trials.

    Attributes:
        swept: parameters that differ between the trials.
        metrics: final metrics, those that rank first.
        runs: the trials, best first, those of one data set together.
        ranks: rank of each among those of its data set, from 1; None for a failed one.
        rank_by: the part that ranks them.
    """

    swept: tuple[str, ...]
    metrics: tuple[str, ...]
    runs: tuple[FinishedRun, ...]
    ranks: tuple[int | None, ...]
    rank_by: RankBy

    @classmethod
    def of(cls, runs: Sequence[FinishedRun], rank_by: RankBy) -> Leaderboard:
        """Return the leaderboard of `runs`; each data set has a ranking of its own."""
        ordered: list[FinishedRun] = []
        ranks: list[int | None] = []
        for dataset_key in sorted({run.dataset_key for run in runs}):
            part = ranked([run for run in runs if run.dataset_key == dataset_key], rank_by)
            ordered += part
            ranks += [None if run.failure else place for place, run in enumerate(part, start=1)]
        return cls(
            swept=tuple(swept_names([run.parameters for run in ordered])),
            metrics=_present(ordered, rank_by),
            runs=tuple(ordered),
            ranks=tuple(ranks),
            rank_by=rank_by,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `rows`."""
        return ("rank", "run_id", *self.swept, *self.metrics, "status", "failure")

    def rows(self, count: int | None = None) -> list[tuple[Cell, ...]]:
        """Return the first `count` rows (all: None)."""
        return [
            (
                rank,
                run.run_id,
                *(run.parameters.get(name) for name in self.swept),
                *(run.metrics.get(name) for name in self.metrics),
                run.status,
                run.failure.reason if run.failure else None,
            )
            for rank, run in list(zip(self.ranks, self.runs, strict=True))[:count]
        ]

    def to_csv(self) -> str:
        """Return all rows as CSV, with a header."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows())
        return text.getvalue()

    def to_json(self) -> str:
        """Return all rows in the format that MLflow's UI shows as a table."""
        return json.dumps({"columns": self.columns, "data": self.rows()})


def _present(runs: Sequence[FinishedRun], rank_by: RankBy) -> tuple[str, ...]:
    wanted = dict.fromkeys((*ranking_metrics(rank_by), *_METRICS))
    return tuple(name for name in wanted if any(name in run.metrics for run in runs))
