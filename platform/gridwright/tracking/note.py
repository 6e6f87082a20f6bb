"""The note on a sweep's run: what was run, what came of it, how to repeat and serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.tracking.params import shortened
from gridwright.tracking.ranking import score_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.tracking.champion import PromotionOutcome
    from gridwright.tracking.leaderboard import Cell, Leaderboard
    from gridwright.tracking.records import SweepRecord

_ROWS = 10
_CELL = 40

BY_TEST_SCORE = (
    "The trials are ranked by their score on the test part, as the paper does. A winner that was "
    "chosen by the test part has a flattering test score; `rank_by=validation` chooses honestly."
)


def sweep_note(sweep: SweepRecord, board: Leaderboard, outcomes: Sequence[PromotionOutcome]) -> str:
    """Return the note, in Markdown."""
    finished = sum(run.failure is None for run in board.runs)
    diverged = sum(run.failure is not None and run.failure.kind == "diverged" for run in board.runs)
    broken = len(board.runs) - finished - diverged
    parts = [
        (
            f"**{sweep.name}**: {len(board.runs)} trials on {', '.join(sweep.datasets)}; "
            f"{finished} finished, {diverged} diverged, {broken} stopped with an error."
        ),
        *([BY_TEST_SCORE] if sweep.rank_by == "test" else []),
        f"### Best by `{score_name(sweep.rank_by)}`",
        _table(board),
        *(["### Champion", *(_champion(outcome) for outcome in outcomes)] if outcomes else []),
        "### Repeat",
        f"```\n{sweep.command}\n```",
        _versions(sweep),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(board: Leaderboard) -> str:
    wanted = [name for name in board.columns if name not in {"status", "failure"}]
    indices = [board.columns.index(name) for name in wanted]
    lines = [wanted, ["---"] * len(wanted)]
    lines += [[_cell(row[index]) for index in indices] for row in board.rows(_ROWS)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return shortened(text.replace("|", "\\|"), _CELL) if len(text) > _CELL else text


def _champion(outcome: PromotionOutcome) -> str:
    if outcome.version is None:
        return outcome.sentence
    return (
        f"{outcome.sentence}\n\n```\nmlflow models serve -m models:/{outcome.model_name}/"
        f"{outcome.version} --env-manager local\n```"
    )


def _versions(sweep: SweepRecord) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(sweep.versions.items()))
