"""The order of a leaderboard: the best score first, then the lowest loss, as the paper ranks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gridwright.contract import RankBy
    from gridwright.tracking.records import FinishedRun


def score_name(rank_by: RankBy) -> str:
    """Return the metric that ranks trials."""
    return f"{rank_by}_score"


def ranking_metrics(rank_by: RankBy) -> tuple[str, str]:
    """Return the metrics that rank trials: the score, then the loss of the same part."""
    return score_name(rank_by), f"{rank_by}_loss"


def rank_key(metrics: Mapping[str, float], rank_by: RankBy) -> tuple[float, float]:
    """Return what sorts a run among those of its data set: the smaller, the better.

    A score or loss that is missing (a diverged trial has none) sorts last.
    """
    score, loss = (metrics.get(name, math.nan) for name in ranking_metrics(rank_by))
    return (
        math.inf if math.isnan(score) else -score,
        math.inf if math.isnan(loss) else loss,
    )


def ranked(runs: Iterable[FinishedRun], rank_by: RankBy) -> list[FinishedRun]:
    """Return `runs`, best first; those that failed come last, in the order they were given."""
    return sorted(runs, key=lambda run: (run.failure is not None, *rank_key(run.metrics, rank_by)))
