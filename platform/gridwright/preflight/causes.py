"""Why cells of a grid cannot run: every cause once, with the cells that it concerns."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from collections.abc import Set as AbstractSet

#: Cells of one cause that the message names one by one.
NAMED_CELLS = 3


class Causes:
    """Collects, in the order of the grid, what is wrong with its cells.

    Attributes:
        bad: positions in the grid of the cells that cannot run.
    """

    def __init__(self) -> None:
        self.bad: set[int] = set()
        self._cells: dict[str, list[Sequence[str]]] = defaultdict(list)

    def add(self, cause: str, index: int, overrides: Sequence[str]) -> None:
        """Note one reason why the cell at `index`, which `overrides` make, cannot run."""
        self.bad.add(index)
        self._cells[cause].append(overrides)

    @property
    def only(self) -> str:
        """The cause, where there is only one; else nothing."""
        return next(iter(self._cells)) if len(self._cells) == 1 else ""

    def listing(
        self,
        grid: Sequence[Sequence[str]],
        end: str,
        where: Callable[[str], str] = lambda _: "",
    ) -> str:
        """Return one line a cause; for a grid, under a line that counts the bad cells.

        Args:
            grid: the overrides of each of its cells; what all of them have is not repeated.
            end: what becomes of the bad cells, such as `nothing was started`.
            where: cause -> the file and line that it comes from, or nothing.
        """
        total = len(grid)
        if total == 1:
            return "\n  ".join(_with_place(cause, where(cause)) for cause in self._cells)
        common = set(grid[0]).intersection(*grid)
        lines = [f"{len(self.bad)} of {total} trials cannot run; {end}"]
        for cause, cells in self._cells.items():
            line = _with_place(cause, where(cause))
            named = _named(cells, common) if len(cells) < total else "every trial"
            lines.append(f"{line} ({named})")
        return "\n  ".join(lines)


def _named(cells: Sequence[Sequence[str]], common: AbstractSet[str]) -> str:
    more = f" and {len(cells) - NAMED_CELLS} more" if len(cells) > NAMED_CELLS else ""
    named = "; ".join(
        " ".join(override for override in overrides if override not in common)
        for overrides in cells[:NAMED_CELLS]
    )
    return f"{_trials(len(cells))}: {named}{more}"


def _with_place(cause: str, place: str) -> str:
    return f"{place}: {cause}" if place else cause


def _trials(count: int) -> str:
    return f"{count} trial{'s' * (count > 1)}"
