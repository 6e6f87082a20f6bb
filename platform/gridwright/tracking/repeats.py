"""Repeated seeds as one row: mean, interval, and whether the leader's lead is more than luck."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from gridwright.tracking.params import swept_names
from gridwright.tracking.ranking import rank_key, ranking_metrics, score_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gridwright.contract import RankBy
    from gridwright.tracking.leaderboard import Cell
    from gridwright.tracking.records import FinishedRun

#: Parameters that a repetition changes and nothing else.
SEEDS = ("seed",)
#: A lead that chance alone would give more rarely than this is marked.
LEVEL = 0.05
EXPLANATION = (
    "A row is one configuration; its trials differ in their seeds only. The interval holds the "
    "mean with 95% confidence (Student's t). The mark * stands where the leader's lead over a row "
    "is more than chance would give in 1 of 20 cases: a paired t-test where both ran with the same "
    "seeds, Welch's t-test elsewhere, two-sided, not corrected for the number of rows."
)


LEGEND = "* the leader's lead is more than chance gives in 1 of 20 cases (t-test, two-sided)"


@dataclass(frozen=True, slots=True)
class Repeat:
    """One configuration with all of its seeds.

    Attributes:
        parameters: what its trials have in common.
        runs: its finished trials, in the order they were given.
        failed: how many failed.
        scores: the ranking score of each finished trial.
    """

    parameters: Mapping[str, str]
    runs: tuple[FinishedRun, ...]
    failed: int
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean of the scores; NaN without any."""
        return fmean(self.scores) if self.scores else math.nan

    @property
    def half_width(self) -> float | None:
        """Half of the 95% confidence interval of the mean; None for fewer than two trials."""
        n = len(self.scores)
        if n < 2:
            return None
        from scipy.stats import t

        return float(t.ppf(0.975, n - 1)) * stdev(self.scores) / math.sqrt(n)


@dataclass(frozen=True, slots=True)
class RepeatBoard:
    """The configurations of one data set, best mean first.

    Attributes:
        swept: parameters that differ between them.
        metric: the score that ranks them.
        rows_of: each configuration.
        chances: for each, the p-value of the leader's lead over it; None for the leader, and
            where fewer than two trials leave it open.
    """

    swept: tuple[str, ...]
    metric: str
    rows_of: tuple[Repeat, ...]
    chances: tuple[float | None, ...]

    @classmethod
    def of(cls, runs: Sequence[FinishedRun], rank_by: RankBy) -> RepeatBoard | None:
        """Return the board of `runs`, trials of one data set; None where no seed was repeated."""
        repeats = _grouped(runs, rank_by)
        if not any(len(repeat.scores) > 1 for repeat in repeats):
            return None
        repeats.sort(key=lambda repeat: _order(repeat, rank_by))
        leader = repeats[0]
        return cls(
            swept=tuple(swept_names([repeat.parameters for repeat in repeats])),
            metric=score_name(rank_by),
            rows_of=tuple(repeats),
            chances=(None, *(chance(leader, other) for other in repeats[1:])),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of `rows`."""
        interval = ("95% from", "95% to")
        return ("rank", *self.swept, "trials", f"mean {self.metric}", *interval, "lead")

    def rows(self, count: int | None = None) -> list[tuple[Cell, ...]]:
        """Return the first `count` rows (all: None)."""
        shown = list(zip(self.rows_of, self.chances, strict=True))[:count]
        return [
            (
                place if repeat.scores else None,
                *(repeat.parameters.get(name) for name in self.swept),
                f"{len(repeat.scores)}" + (f" + {repeat.failed} failed" * (repeat.failed > 0)),
                repeat.mean if repeat.scores else None,
                *_interval(repeat),
                "leader" if place == 1 else _mark(p),
            )
            for place, (repeat, p) in enumerate(shown, start=1)
        ]


def chance(leader: Repeat, other: Repeat) -> float | None:
    """Return the two-sided p-value of the difference of two means; None for too few trials.

    Paired by seed (Student, 1908) where both ran once with each of the same seeds, else Welch's
    test (1947), which asks for no equal variances.
    """
    if min(len(leader.scores), len(other.scores)) < 2:
        return None
    from scipy.stats import ttest_ind, ttest_rel

    first, second = _by_seed(leader), _by_seed(other)
    if first.keys() == second.keys() and len(first) == len(leader.scores) == len(other.scores):
        pairs = [(first[seed], second[seed]) for seed in first]
        if len({round(a - b, 12) for a, b in pairs}) == 1:  # no spread: the test divides by it
            return 1.0 if math.isclose(*pairs[0]) else 0.0
        ours, theirs = [a for a, _ in pairs], [b for _, b in pairs]
        return float(ttest_rel(ours, theirs).pvalue)
    if len({*leader.scores}) == len({*other.scores}) == 1:
        return 1.0 if math.isclose(leader.mean, other.mean) else 0.0
    return float(ttest_ind(leader.scores, other.scores, equal_var=False).pvalue)


def _grouped(runs: Iterable[FinishedRun], rank_by: RankBy) -> list[Repeat]:
    groups: dict[tuple[tuple[str, str], ...], list[FinishedRun]] = {}
    for run in runs:
        common = tuple((k, v) for k, v in sorted(run.parameters.items()) if k not in SEEDS)
        groups.setdefault(common, []).append(run)
    metric = score_name(rank_by)
    repeats = []
    for group in groups.values():
        finished = [run for run in group if run.failure is None and metric in run.metrics]
        shown = {k: v for k, v in group[0].parameters.items() if k not in SEEDS}
        scores = tuple(run.metrics[metric] for run in finished)
        repeats.append(Repeat(shown, tuple(finished), len(group) - len(finished), scores))
    return repeats


def _order(repeat: Repeat, rank_by: RankBy) -> tuple[float, float]:
    """Return what sorts configurations as single runs are sorted: by mean score, then mean loss."""
    means = {}
    for name in ranking_metrics(rank_by):
        values = [run.metrics[name] for run in repeat.runs if name in run.metrics]
        if values:
            means[name] = fmean(values)
    return rank_key(means, rank_by)


def _by_seed(repeat: Repeat) -> dict[tuple[str | None, ...], float]:
    seeds = [tuple(run.parameters.get(name) for name in SEEDS) for run in repeat.runs]
    return dict(zip(seeds, repeat.scores, strict=True))


def _interval(repeat: Repeat) -> tuple[float | None, float | None]:
    half = repeat.half_width
    return (None, None) if half is None else (repeat.mean - half, repeat.mean + half)


def _mark(p: float | None) -> str | None:
    if p is None:
        return None
    text = f"p = {p:.2g}" if p >= 0.001 else "p < 0.001"
    return f"* {text}" if p < LEVEL else text
