"""`dry_run=true` of a search: what it would choose from, and what would end it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gridwright.dry_run import dimension_line
from gridwright.sweep import Choices

if TYPE_CHECKING:
    from gridwright.sweep import Interval, SearchSettings, SearchSpace


def kind(settings: SearchSettings) -> str:
    """Return what a search is called: `tpe with asha search`."""
    parts = [settings.search, "" if settings.scheduler == "none" else settings.scheduler]
    return f"{' with '.join(part for part in parts if part)} search"


def space_text(space: SearchSpace, settings: SearchSettings, score: str) -> str:
    """Return the dimensions of a space, and how a search of it ends.

    Args:
        space: what is searched.
        settings: of the search.
        score: the metric that ranks the trials.
    """
    lines = [_dimension(one) for one in space.dimensions]
    ends = [_cells(space)]
    if settings.max_trials is not None:
        ends.append(f"It ends after {settings.max_trials} trials.")
    if settings.time_budget is not None:
        ends.append(
            f"After {settings.time_budget:g} s no trial begins, and those under way end with "
            "their epoch."
        )
    if settings.stop_score is not None:
        ends.append(f"It ends once a trial has a {score} of at least {settings.stop_score:g}.")
    if settings.scheduler == "pbt":
        ends.append(
            f"After every {settings.perturbation_interval} epochs, the worst "
            f"{settings.quantile_fraction:.0%} go on with the state of one of the best "
            f"{settings.quantile_fraction:.0%}, and with its parameters, perturbed."
        )
    elif settings.scheduler != "none":
        rungs = ", ".join(map(str, sorted(settings.report_epochs(1000))[:6]))
        ends.append(f"Trials that lag behind are stopped after {rungs} ... epochs.")
    return "\n".join(["", *lines, "", *(line for line in ends if line)])


def _dimension(one: Choices | Interval) -> str:
    if isinstance(one, Choices):
        return dimension_line(one.key, [line.partition("=")[2] for line in one.lines])
    spread = ", spread over logarithms" if one.log else ""
    whole = "whole numbers " if one.whole else ""
    return f"  {one.key:<24} {whole}from {one.low:g} to {one.high:g}{spread}"


def _cells(space: SearchSpace) -> str:
    sizes = [len(one.lines) for one in space.dimensions if isinstance(one, Choices)]
    if len(sizes) < len(space.dimensions):
        return ""
    return f"The space has {prod(sizes)} cells."
