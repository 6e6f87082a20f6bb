"""What a sweep's report shows: tables and pictures of each data set, before they are written."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gridwright.contract import HISTORIES
from gridwright.errors import GridwrightError
from gridwright.tracking import champion_figures
from gridwright.tracking.figures import CURVES, Curves, best_curves, durations, effects
from gridwright.tracking.leaderboard import Leaderboard
from gridwright.tracking.preview import preview_of
from gridwright.tracking.repeats import EXPLANATION, RepeatBoard
from gridwright.tracking.report_table import ReportTable
from gridwright.tracking.verdicts import Verdicts, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.figure import Figure

    from gridwright.contract import RankBy
    from gridwright.datasets import TrialData
    from gridwright.tracking.preview import Preview
    from gridwright.tracking.records import FinishedRun
    from gridwright.tracking.store import Store

_WORST = 15
_FEATURES = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure: its file's name, what it shows, and the PNG."""

    file: str
    title: str
    png: bytes


@dataclass(frozen=True, slots=True)
class Chapter:
    """All about one data set of a sweep.

    Attributes:
        dataset: its name, and which split it is where the sweep has several.
        board: its trials.
        repeats: its configurations, where seeds were repeated.
        tables: further tables.
        pictures: its figures.
        remarks: what could not be shown, and why.
        preview: what its data look like; None where the data are not at hand.
    """

    dataset: str
    board: Leaderboard
    repeats: RepeatBoard | None = None
    tables: tuple[ReportTable, ...] = ()
    pictures: tuple[Picture, ...] = ()
    remarks: tuple[str, ...] = field(default=())
    preview: Preview | None = None


def chapters(
    store: Store,
    board: Leaderboard,
    rank_by: RankBy,
    data: Mapping[str, TrialData],
) -> list[Chapter]:
    """Return a chapter for each data set (and split) of `board`, by the order of the board.

    Args:
        store: holds the runs; only the best few are read.
        board: all trials.
        rank_by: the part that ranks them.
        data: the data by `FinishedRun.dataset_key`; without it the best model is not looked at.
    """
    by_key: dict[str, list[FinishedRun]] = {}
    for run in board.runs:
        by_key.setdefault(run.dataset_key, []).append(run)
    names = _names({key: runs[0].dataset for key, runs in by_key.items()})
    return [
        _chapter(store, runs, rank_by, data.get(key), names[key], alone=len(by_key) == 1)
        for key, runs in by_key.items()
    ]


def _chapter(
    store: Store,
    runs: Sequence[FinishedRun],
    rank_by: RankBy,
    data: TrialData | None,
    name: str,
    *,
    alone: bool,
) -> Chapter:
    board = Leaderboard.of(runs, rank_by)
    repeats = RepeatBoard.of(runs, rank_by)
    ending = "" if alone else f"-{name.replace(' ', '-')}"
    finished = [run for run in board.runs if run.failure is None]
    tables = list(_repeated(repeats, ending))
    pictures: list[Picture] = []
    remarks: list[str] = []
    if finished:
        figures = _sweep_figures(store, board, repeats, rank_by, name)
        if data is not None:
            try:
                shown = verdicts(store, finished[0], data)
            except GridwrightError as error:
                remarks.append(f"The best model cannot be shown at work: {error}")
            else:
                tables += _mistakes(shown, ending)
                figures += _model_figures(shown, name)
        pictures = [_picture(f"{file}{ending}.png", figure) for file, figure in figures]
    tables += _failures(board, ending)
    preview = None if data is None else preview_of(data)
    return Chapter(name, board, repeats, tuple(tables), tuple(pictures), tuple(remarks), preview)


def _sweep_figures(
    store: Store, board: Leaderboard, repeats: RepeatBoard | None, rank_by: RankBy, name: str
) -> list[tuple[str, Figure]]:
    finished = [run for run in board.runs if run.failure is None]
    best = finished[:CURVES]
    if repeats is not None:  # one trial of each configuration, not five of the best
        best = [_best_of(finished, repeat.runs) for repeat in repeats.rows_of if repeat.runs]
    held_out = "test" if rank_by == "test" else "validation"
    curves = [_curves(store, run) for run in best[:CURVES]]
    found = [("best_curves", best_curves(curves, f"{name}: the best trials", held_out))]
    for file, figure in (
        ("effects", effects(finished, board.swept, f"{name}: effect of each parameter", rank_by)),
        ("time", durations(finished, f"{name}: time of training", rank_by)),
    ):
        if figure is not None:
            found.append((file, figure))
    return found


def _best_of(ranked: Sequence[FinishedRun], some: Sequence[FinishedRun]) -> FinishedRun:
    ids = {run.run_id for run in some}
    return next(run for run in ranked if run.run_id in ids)


def _model_figures(shown: Verdicts | None, name: str) -> Iterator[tuple[str, Figure]]:
    if shown is None:
        return
    where = f"the best model on the {shown.part} part"
    if shown.data.task == "regression":
        yield "residuals", champion_figures.residuals(shown, f"{name}: {where}")
        return
    yield "confusion", champion_figures.confusion(shown, f"{name}: {where}")
    mistakes = champion_figures.mistaken_pictures(shown, f"{name}: its most confident mistakes")
    if mistakes is not None:
        yield "mistakes", mistakes


def _repeated(repeats: RepeatBoard | None, ending: str) -> Iterator[ReportTable]:
    if repeats is not None:
        yield ReportTable(
            "Repeated seeds", repeats.columns, repeats.rows(), EXPLANATION, f"repeats{ending}.csv"
        )


def _mistakes(shown: Verdicts | None, ending: str) -> Iterator[ReportTable]:
    """Yield the worst mistakes of a model of tables."""
    if shown is None or shown.x.ndim != 2 or len(shown.worst) == 0:
        return
    data, rows = shown.data, shown.worst[:_WORST]
    names = data.feature_names[:_FEATURES]
    if data.task == "regression":
        header: tuple[str, ...] = ("row", "true", "predicted", *names)
        answers: list[tuple[str, ...]] = [
            (_text(shown.y[row]), _text(shown.predicted[row])) for row in rows
        ]
    else:
        header = ("row", "true", "predicted", "probability", *names)
        guesses = shown.predicted[rows].argmax(axis=1)
        answers = [
            (str(shown.y[row]), str(data.classes[guess]), f"{shown.predicted[row, guess]:.4f}")
            for row, guess in zip(rows, guesses, strict=True)
        ]
    cells = [
        (int(row), *answer, *(_plain(value) for value in shown.x[row][: len(names)]))
        for row, answer in zip(rows, answers, strict=True)
    ]
    note = f"Rows of the {shown.part} part, counted from 0."
    yield ReportTable(
        "Worst mistakes of the best model", header, cells, note, f"mistakes{ending}.csv"
    )


def _text(values: object) -> str:
    """Return one value of a regression, or several."""
    return ", ".join(f"{value:.5g}" for value in np.ravel(np.asarray(values)))


def _plain(value: object) -> float | str:
    return float(value) if isinstance(value, float) else str(value)


def _failures(board: Leaderboard, ending: str) -> Iterator[ReportTable]:
    failed = [run for run in board.runs if run.failure is not None]
    if not failed:
        return
    reasons = Counter(run.failure.reason for run in failed if run.failure is not None)
    rows = []
    for reason, count in reasons.most_common():
        same = [run for run in failed if run.failure is not None and run.failure.reason == reason]
        epochs = sorted(run.failure.epoch for run in same if run.failure and run.failure.epoch)
        span = (
            "" if not epochs else f"{epochs[0]}" + f" to {epochs[-1]}" * (epochs[0] != epochs[-1])
        )
        example = " ".join(f"{name}={same[0].parameters.get(name, '-')}" for name in board.swept)
        kind = same[0].failure.kind if same[0].failure else ""
        rows.append((count, kind, reason, span, example, same[0].run_id))
    columns = ("trials", "kind", "reason", "epoch", "for instance", "run_id")
    yield ReportTable("Failed trials", columns, rows, file=f"failures{ending}.csv")


def _curves(store: Store, run: FinishedRun) -> Curves:
    histories = {}
    for name in HISTORIES:
        points = store.client.get_metric_history(run.run_id, name)
        histories[name] = ([p.step for p in points], [p.value for p in points])
    return Curves(run.parameters, histories)


def _picture(file: str, figure: Figure) -> Picture:
    png = io.BytesIO()
    figure.savefig(png, format="png")
    title = figure.get_suptitle()
    return Picture(file, title, png.getvalue())


def _names(datasets: Mapping[str, str]) -> dict[str, str]:
    """Return a readable name for each key: the data set's, numbered where it is there twice."""
    total = Counter(datasets.values())
    seen: Counter[str] = Counter()
    names = {}
    for key, name in datasets.items():
        seen[name] += 1
        names[key] = name if total[name] == 1 else f"{name} {seen[name]}"
    return names
