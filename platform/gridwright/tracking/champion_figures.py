"""The figures of one model: what it confuses or misses, and its worst mistakes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from gridwright.tracking.figures import COLOURS, DPI, QUIET, headline, tidy

if TYPE_CHECKING:
    from gridwright.contract import Array
    from gridwright.tracking.verdicts import Verdicts

_PICTURES = 24
_COLUMNS = 6
# More cells than this are too small for a number in each.
_NUMBERED = 15


def confusion(verdicts: Verdicts, title: str) -> Figure:
    """Return the confusion matrix: true classes down, predicted ones across."""
    classes = [str(name) for name in verdicts.data.classes]
    n = len(classes)
    counts = np.zeros((n, n), dtype=int)
    np.add.at(counts, (verdicts.codes, verdicts.predicted.argmax(axis=1)), 1)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = min(10.0, 3.2 + 0.45 * n)
    figure = Figure(figsize=(size + 0.6, size), dpi=DPI)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    turned = sum(map(len, classes)) > 30
    axes.set_xticks(
        range(n), classes, rotation=30 if turned else 0, ha="right" if turned else "center"
    )
    axes.set_yticks(range(n), classes)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.tick_params(labelsize=9, length=0)
    if n <= _NUMBERED:
        for row, column in np.argwhere(counts):
            dark = share[row, column] > 0.5
            axes.text(column, row, counts[row, column], ha="center", va="center", fontsize=9,
                      color="white" if dark else "black")  # fmt: skip
    headline(figure, title)
    return figure


def residuals(verdicts: Verdicts, title: str) -> Figure:
    """Return predicted against true values, and the distribution of the errors, for each output."""
    true, predicted = (
        values.reshape(len(values), -1) for values in (verdicts.y, verdicts.predicted)
    )
    outputs = true.shape[1]
    figure = Figure(figsize=(7.5, 3.1 * outputs + 0.5), dpi=DPI)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(outputs, 2, squeeze=False)
    for index, (left, right) in enumerate(grid):
        name = verdicts.data.target_names[index]
        values = true[:, index], predicted[:, index]
        ends = min(map(np.min, values)), max(map(np.max, values))
        left.plot(ends, ends, color=QUIET, linewidth=1)
        left.plot(*values, ".", color=COLOURS[0], alpha=0.5)
        left.set_xlabel(f"true {name}")
        left.set_ylabel("predicted")
        tidy(left, "Predicted against true: the line is right")
        right.hist(values[1] - values[0], bins=30, color=COLOURS[0])
        right.axvline(0, color=QUIET, linewidth=1)
        right.set_xlabel(f"predicted - true {name}")
        right.set_ylabel("samples")
        tidy(right, "Errors")
    headline(figure, title)
    return figure


def mistaken_pictures(verdicts: Verdicts, title: str) -> Figure | None:
    """Return the pictures with the most confident errors; None for other samples or no error."""
    rows = verdicts.worst[:_PICTURES]
    if verdicts.data.task == "regression" or len(rows) == 0 or not is_picture(verdicts.x):
        return None
    n_rows = math.ceil(len(rows) / _COLUMNS)
    figure = Figure(figsize=(7.5, 1.7 * n_rows + 0.5), dpi=DPI)
    figure.set_layout_engine("constrained")
    grid = figure.subplots(n_rows, _COLUMNS, squeeze=False)
    names = verdicts.data.classes
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, row in zip(grid.flat, rows, strict=False):
        picture = verdicts.x[row]
        if picture.ndim == 3 and picture.shape[2] == 1:
            picture = picture[:, :, 0]
        axes.imshow(picture, cmap="gray_r")
        probabilities = verdicts.predicted[row]
        guess = int(probabilities.argmax())
        axes.set_title(
            f"{names[guess]} ({probabilities[guess]:.0%})\ntrue: {names[verdicts.codes[row]]}",
            fontsize=8,
        )
    headline(figure, title)
    return figure


def is_picture(x: Array) -> bool:
    """Tell whether the samples `x` are pictures: grey `(h, w)` or `(h, w, 1)`, or `(h, w, 3)`."""
    return x.ndim == 3 or (x.ndim == 4 and x.shape[3] in {1, 3})
