"""The first line of a command: what it is about to run, and what it takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gridwright.contract import TrialSpec
    from gridwright.datasets import TrialData


def opening(
    specs: Sequence[TrialSpec],
    todo: int,
    *,
    reuse: bool = True,
    recovered: int = 0,
    mark: str = "",
    would: bool = False,
) -> str:
    """Return what a sweep begins with.

    Args:
        specs: its trials.
        todo: how many of them are run.
        reuse: whether trials of other sweeps are taken over.
        recovered: trials that an interrupted command had left to write.
        mark: what is said where not all of an experiment is run.
        would: nothing is started, only told.
    """
    total = len(specs)
    models = ", ".join(dict.fromkeys(spec.model for spec in specs))
    datasets = ", ".join(dict.fromkeys(spec.dataset for spec in specs))
    line = f"{_trials(total)} of {models} on {datasets} {mark}".rstrip()
    run = "would be run" if would else "are run now"
    if todo == 0:
        none = "none would be run again" if would else "none is run again"
        line += f": all are already finished, {none}"
        return f"{line} (reuse=false runs them anew)." if reuse else f"{line}."
    if todo < total:
        whose = "" if reuse else " in this sweep, which was interrupted"
        line += f": {total - todo} are already finished{whose}, {todo} {run}"
    elif not reuse:
        line += ": all are run anew, as reuse=false asks"
    if recovered:
        line += f" ({recovered} were left to write by an interrupted command)"
    return f"{line}."


def data_notes(data: Iterable[TrialData]) -> str:
    """Return what was decided while the data was read, a paragraph a data set; nothing if nothing.

    Args:
        data: of all trials; two splits of one set say the same once.
    """
    said = {(part.description.name, part.source): part.notes for part in data if part.notes}
    return "".join(
        "\n  ".join([f"Data {name}, {source}:", *notes]) + "\n"
        for (name, source), notes in said.items()
    )


def _trials(count: int) -> str:
    return f"{count} trial{'s' * (count > 1)}"
