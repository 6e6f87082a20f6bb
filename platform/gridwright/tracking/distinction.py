"""What tells the trials of a sweep apart, in a few words each, also where their models differ."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gridwright.tracking.params import label, swept_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def distinguished(runs: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a short label for each of `runs`, given by parameters, from what differs in them.

    Values that are words or lists speak for themselves: `[10,10,5] ReLU eta=0.01`. Runs of
    different models share few parameters: these are told apart first (`sklearn SVM`), then the
    runs among which these are alike, by what they share (`sklearn SVM C=10`).
    """
    labels = ["" for _ in runs]
    _tell_apart(runs, list(range(len(runs))), labels)
    return labels


def share_all_settings(runs: Sequence[Mapping[str, str]]) -> bool:
    """Return whether every run has every parameter, so that each can be a column of a table."""
    return len({frozenset(run) for run in runs}) <= 1


def _tell_apart(
    runs: Sequence[Mapping[str, str]], places: Sequence[int], labels: list[str]
) -> None:
    group = [runs[place] for place in places]
    shared = set.intersection(*(set(run) for run in group)) if group else set()
    names = [name for name in swept_names(group) if name in shared]
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place in places:
        run = runs[place]
        words = [labels[place], *(label(name, run[name]) for name in names)]
        labels[place] = " ".join(word for word in words if word)
        alike[tuple(run[name] for name in names)].append(place)
    if len(alike) > 1:
        for part in alike.values():
            _tell_apart(runs, part, labels)
