"""What a store knows -> joined to what the file of results has told before.

The sweeps of a folder may run on several machines and into several stores, and a store may be gone
when its results are not. What was recorded stays until a store knows it better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridwright.results import findings

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    Node = Mapping[str, Any]


def merged(recorded: Node, found: Node) -> dict[str, Any]:
    """Return the results of both; where they are about the same, the better told ones.

    Sweeps are those of both, in the order of their dates. A row is the one with the larger share
    of the data, then with more seeds; a comparison of a finding the one on more data, then of more
    pairs; among equals the one that was found now. What is no longer claimed or stated is dropped.

    Args:
        recorded: what the file has held, as `collected` returned it; empty where there was none.
        found: what the store knows now, for the same folder.
    """
    known = recorded.get("experiments", {})
    told = [one for finding in recorded.get("findings", ()) for one in finding["comparisons"]]
    return {
        "experiments": {
            name: _experiment(known.get(name, {"sweeps": [], "rows": []}), experiment)
            for name, experiment in found["experiments"].items()
        },
        "findings": [
            findings.answered(
                finding["says"],
                finding["source"],
                _better_told(told, finding["comparisons"], _question, _evidence),
            )
            for finding in found["findings"]
        ],
    }


def _experiment(recorded: Node, found: Node) -> dict[str, Any]:
    return {
        "source": found["source"],
        "sweeps": _sweeps([*recorded["sweeps"], *found["sweeps"]]),
        "rows": _better_told(recorded["rows"], found["rows"], _claim, _substance),
    }


def _sweeps(sweeps: Iterable[Node]) -> list[Node]:
    """Return each sweep once, as it was told last."""
    by_command = {
        (one["command"], one["date"], one["commit"], one["machine"]): one for one in sweeps
    }
    return sorted(by_command.values(), key=lambda one: one["date"])


def _better_told(
    recorded: Iterable[Node],
    found: Iterable[Node],
    subject: Callable[[Node], Hashable],
    worth: Callable[[Node], tuple[float, float]],
) -> list[Node]:
    """Return each of `found`, or what was recorded of the same subject where that is worth more."""
    told = {subject(one): one for one in recorded}
    return [max(one, told.get(subject(one), one), key=worth) for one in found]


def _claim(row: Node) -> Hashable:
    figures = row["figures"].items()
    return row["row"], frozenset((name, one["kind"], one["claimed"]) for name, one in figures)


def _substance(row: Node) -> tuple[float, float]:
    return row["data"] or 0, len(row["seeds"])


def _question(comparison: Node) -> Hashable:
    return comparison["compared"], comparison["metric"], comparison["expect"]


def _evidence(comparison: Node) -> tuple[float, float]:
    return max(comparison["data"], default=0), comparison["pairs"]
