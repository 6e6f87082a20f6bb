"""The figures of a sweep: the best trials' curves, and the effect of each swept parameter."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from gridwright.tracking.distinction import distinguished
from gridwright.tracking.ranking import score_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from gridwright.contract import RankBy
    from gridwright.tracking.records import FinishedRun

#: Trials whose curves are drawn.
CURVES = 6
_PANELS = 12
#: Values of a parameter that have a box each; more, as an interval brings, are points.
_BOXES = 20
#: Over so large a ratio numbers are drawn over their logarithms.
_DECADES = 50.0
# Okabe and Ito's colours, which the colour-blind can tell apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
QUIET = "#777777"
DPI = 120

History = tuple[list[int], list[float]]


@dataclass(frozen=True, slots=True)
class Curves:
    """The histories of one trial.

    Attributes:
        parameters: what it was trained with.
        histories: name of `gridwright.contract.HISTORIES` -> (epochs, values).
    """

    parameters: Mapping[str, str]
    histories: Mapping[str, History]


def best_curves(trials: Sequence[Curves], title: str, held_out: str) -> Figure:
    """Return loss and score over the epochs, for training and the held-out part.

    Args:
        trials: best first; at most `CURVES` of them can be told apart.
        title: of the figure.
        held_out: name of the part that `val_loss` and `val_score` were measured on.
    """
    panels = [
        ("loss", "Loss, training"),
        ("val_loss", f"Loss, {held_out}"),
        ("score", "Score, training"),
        ("val_score", f"Score, {held_out}"),
    ]
    panels = [(name, text) for name, text in panels if any(t.histories.get(name) for t in trials)]
    figure = Figure(figsize=(7.5, 2.9 * math.ceil(len(panels) / 2) + 1.4), dpi=DPI)
    figure.set_layout_engine("constrained")
    # Training and held-out part side by side have one scale: their gap is what one looks for.
    shared: Literal["row", "none"] = "row" if len(panels) == 4 else "none"
    rows = math.ceil(len(panels) / 2)
    grid = figure.subplots(rows, 2, squeeze=False, sharex=True, sharey=shared)
    for axes, (name, text) in zip(grid.flat, panels, strict=False):
        for trial, colour in zip(trials, COLOURS, strict=False):
            epochs, values = trial.histories.get(name, ([], []))
            # A line through a single point cannot be seen.
            marker = "o" if len(epochs) == 1 else ""
            axes.plot(epochs, values, color=colour, linewidth=1.4, marker=marker)
        tidy(axes, text)
        _whole_numbers(axes.xaxis)
    for axes in grid[-1]:
        axes.set_xlabel("epoch")
    headline(figure, title)
    names = distinguished([trial.parameters for trial in trials])
    if any(names):  # a single configuration needs no legend
        _legend(figure, grid.flat[0], names)
    return figure


def _whole_numbers(axis: Axis) -> None:
    """Put ticks at whole numbers only, also where the axis shows less than two of them."""
    axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _legend(figure: Figure, axes: Axes, names: Sequence[str]) -> None:
    labels = [
        f"{place}. {textwrap.shorten(name, 60, placeholder='...')}"
        for place, name in enumerate(names, start=1)
    ]
    lines, where = axes.get_lines(), "outside lower left"
    figure.legend(lines, labels, loc=where, ncols=2, frameon=False, fontsize=9)


def effects(
    runs: Sequence[FinishedRun], swept: Sequence[str], title: str, rank_by: RankBy
) -> Figure | None:
    """Return the scores of all finished trials against each swept parameter; None for too few."""
    metric = score_name(rank_by)
    runs = [run for run in runs if metric in run.metrics and run.failure is None]
    # What other models do not have cannot be compared over all trials.
    shared = [name for name in swept if all(name in run.parameters for run in runs)]
    names = [name for name in shared if len({run.parameters[name] for run in runs}) > 1]
    names = names[:_PANELS]
    if not names:
        return None
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    figure = Figure(figsize=(max(5.0, 2.8 * columns), 2.9 * rows + 0.7), dpi=DPI)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, name in zip(grid.flat, names, strict=False):
        _effect(axes, name, runs, metric)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel(metric.replace("_", " "))
    headline(figure, title)
    return figure


def _effect(axes: Axes, name: str, runs: Sequence[FinishedRun], metric: str) -> None:
    groups: dict[str, list[float]] = {}
    for run in runs:
        groups.setdefault(run.parameters.get(name, "-"), []).append(run.metrics[metric])
    if len(groups) > _BOXES:
        _scattered(axes, groups)
    else:
        _boxes(axes, groups)
    tidy(axes, name)


def _scattered(axes: Axes, groups: Mapping[str, Sequence[float]]) -> None:
    """Draw a point a trial, over the numbers themselves, or over the places of other values."""
    values = sorted(groups, key=_natural)
    words = any(_natural(value)[0] for value in values)
    places = [float(i if words else value) for i, value in enumerate(values, start=1)]
    x = [place for place, value in zip(places, values, strict=True) for _ in groups[value]]
    y = [score for value in values for score in groups[value]]
    axes.plot(x, y, ".", color=COLOURS[0], alpha=0.35, markersize=4)
    if words:
        axes.set_xticks([])
        axes.set_xlabel(f"{len(values)} values", fontsize=9)
    elif places[0] > 0 and places[-1] >= _DECADES * places[0]:
        axes.set_xscale("log")


def _boxes(axes: Axes, groups: Mapping[str, Sequence[float]]) -> None:
    """Draw a box and all points for each value."""
    values = sorted(groups, key=_natural)
    for place, value in enumerate(values, start=1):
        scores = sorted(groups[value])
        # Spread over the width of the box in the order of the scores, so that all can be seen.
        step = 0.5 / max(1, len(scores) - 1)
        spread = [place - 0.25 + step * i if len(scores) > 1 else place for i in range(len(scores))]
        axes.plot(spread, scores, ".", color=COLOURS[0], alpha=0.35, markersize=4)
    axes.boxplot(
        [groups[value] for value in values],
        widths=0.6,
        showfliers=False,
        medianprops={"color": COLOURS[1], "linewidth": 2},
        boxprops={"color": QUIET},
        whiskerprops={"color": QUIET},
        capprops={"color": QUIET},
    )
    labels = [textwrap.shorten(value, 18, placeholder="...") for value in values]
    turned = sum(map(len, labels)) > 30
    axes.set_xticks(range(1, len(values) + 1), labels, rotation=30 if turned else 0,
                    ha="right" if turned else "center")  # fmt: skip


def durations(runs: Sequence[FinishedRun], title: str, rank_by: RankBy) -> Figure | None:
    """Return how long the trainings took, and what the time bought; None where nobody measured."""
    metric = score_name(rank_by)
    timed = [run for run in runs if "fit_seconds" in run.metrics and metric in run.metrics]
    if not timed:
        return None
    seconds = [run.metrics["fit_seconds"] for run in timed]
    figure = Figure(figsize=(7.5, 3.1), dpi=DPI)
    figure.set_layout_engine("constrained")
    left, right = figure.subplots(1, 2)
    left.hist(seconds, bins=30, color=COLOURS[0])
    left.set_xlabel("seconds of training")
    left.set_ylabel("trials")
    _whole_numbers(left.yaxis)
    tidy(left, "Trials by time")
    right.plot(seconds, [run.metrics[metric] for run in timed], ".", color=COLOURS[0], alpha=0.5)
    right.set_xlabel("seconds of training")
    right.set_ylabel(metric.replace("_", " "))
    tidy(right, "Score against time")
    headline(figure, title)
    return figure


def headline(figure: Figure, title: str) -> None:
    """Give `figure` its title."""
    figure.suptitle(title, x=0.02, ha="left", fontsize=12, fontweight="bold")


def tidy(axes: Axes, title: str) -> None:
    """Give `axes` the look of all figures of a report."""
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9)


def _natural(value: str) -> tuple[bool, float, str]:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    return (False, number, value) if math.isfinite(number) else (True, 0.0, value)
