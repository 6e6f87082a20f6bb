"""Which cells of a grid to probe: few, and as different from each other as the grid allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridwright.contract import TrialSpec

#: Cells among which the different ones are looked for.
_CANDIDATES = 400


def levels(specs: Sequence[TrialSpec]) -> np.ndarray[Any, Any]:
    """Return the value of every setting that differs, as a number of its own.

    Returns:
        int64 `(n_specs, n_settings)`: equal numbers in a column are equal values. Seeds, which no
        training time depends on, are left out; the model and the data count as settings.
    """
    rows = [_settings(spec) for spec in specs]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = []
    for name in names:
        numbers: dict[str | None, int] = {}
        column = [numbers.setdefault(row.get(name), len(numbers)) for row in rows]
        if len(numbers) > 1:
            columns.append(column)
    return np.array(columns, np.int64).reshape(len(columns), len(specs)).T


def most_different(specs: Sequence[TrialSpec], count: int) -> list[int]:
    """Return positions of up to `count` specs: each as far from those before it as can be.

    Distance is the number of settings that differ, and values that no cell has shown yet count
    double, so that every value of every setting is soon among them.
    """
    spread = np.linspace(0, len(specs) - 1, min(_CANDIDATES, len(specs))).astype(np.int64)
    # A grid is a lattice: steps that fit its periods would show a few of its values only.
    generator = np.random.default_rng(0)
    candidates = (
        spread
        if len(specs) <= _CANDIDATES
        else np.sort(generator.choice(len(specs), _CANDIDATES, replace=False))
    )
    table = levels([specs[index] for index in candidates])
    distance = np.full(len(candidates), table.shape[1] + 1)
    seen: list[set[int]] = [set() for _ in range(table.shape[1])]
    chosen: list[int] = []
    while len(chosen) < min(count, len(candidates)):
        fresh = np.array([[value not in seen[c] for c, value in enumerate(row)] for row in table])
        worth = distance + 2 * fresh.sum(axis=1) if table.shape[1] else distance
        best = int(np.argmax(np.where(distance > 0, worth, -1)))
        if distance[best] <= 0:
            break  # only repetitions of what was chosen are left
        chosen.append(best)
        distance = np.minimum(distance, (table != table[best]).sum(axis=1))
        for column, value in enumerate(table[best]):
            seen[column].add(int(value))
    return [int(candidates[place]) for place in chosen]


def _settings(spec: TrialSpec) -> dict[str, str]:
    return {
        "/model": spec.model,
        "/data": spec.dataset_key,
        **{name: json.dumps(value, default=str) for name, value in _leaves(spec.parameters)},
    }


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
