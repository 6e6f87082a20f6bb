"""How a sweep looks while it runs: one calm line on a terminal, a few plain lines elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from gridwright.contract import TrialResult

#: Lines that a sweep prints where there is no terminal to draw on.
PLAIN_LINES = 10


class SweepProgress(AbstractContextManager["SweepProgress"]):
    """Counts finished and failed trials and the best score so far."""

    def __init__(self, console: Console, total: int | None, score: str) -> None:
        self._console = console
        self._total = total
        self._score = score
        self._done = 0
        self._failed = 0
        self._best: float | None = None
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self, result: TrialResult) -> None:
        """Count one trial."""
        self._done += 1
        if result.failure:
            self._failed += 1
        score = result.metrics.get(self._score)
        if not result.failure and score is not None and (self._best is None or score > self._best):
            self._best = score
        state = self._state()
        self._bar.update(self._task, completed=self._done, description=state)
        step = max(1, (self._total or 10 * PLAIN_LINES) // PLAIN_LINES)
        if not self._console.is_terminal and (self._done % step == 0 or self._done == self._total):
            count = self._done if self._total is None else f"{self._done}/{self._total}"
            self._console.print(f"{count} trials, {state}", soft_wrap=True)

    def _state(self) -> str:
        best = "no score yet" if self._best is None else f"best {self._score} {self._best:.4f}"
        return f"{best}, {self._failed} failed" if self._failed else best
