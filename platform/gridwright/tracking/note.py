"""The note on a sweep's run: what was run, what came of it, how to repeat and serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright.tracking.params import shortened
from gridwright.tracking.ranking import score_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gridwright.tracking.champion import PromotionOutcome
    from gridwright.tracking.leaderboard import Cell, Leaderboard
    from gridwright.tracking.records import SweepRecord
    from gridwright.tracking.report_content import Chapter
    from gridwright.tracking.report_table import ReportTable

_ROWS = 10
_CELL = 40

BY_TEST_SCORE = (
    "The trials are ranked by their score on the test part, as the paper does. A winner that was "
    "chosen by the test part has a flattering test score; `rank_by=validation` chooses honestly."
)


def sweep_note(
    sweep: SweepRecord,
    board: Leaderboard,
    parts: Sequence[Chapter],
    outcomes: Sequence[PromotionOutcome],
    tables: Sequence[ReportTable] = (),
) -> str:
    """Return the note, in Markdown."""
    finished = sum(run.failure is None for run in board.runs)
    diverged = sum(run.failure is not None and run.failure.kind == "diverged" for run in board.runs)
    broken = len(board.runs) - finished - diverged
    sections = [
        (
            f"**{sweep.name}**: {len(board.runs)} trials on {', '.join(sweep.datasets)}; "
            f"{finished} finished, {diverged} diverged, {broken} stopped with an error. "
            "The artifact `report.html` shows all of it on one page."
        ),
        *([BY_TEST_SCORE] if sweep.rank_by == "test" else []),
        *(_section(table) for table in tables),
        *(text for part in parts for text in _best(part, sweep)),
        *(["### Champion", *(_champion(outcome) for outcome in outcomes)] if outcomes else []),
        "### Repeat",
        f"```\n{sweep.command}\n```",
        *_one_trial(board),
        _versions(sweep),
    ]
    return "\n\n".join(section for section in sections if section)


def _best(part: Chapter, sweep: SweepRecord) -> Iterator[str]:
    """Yield the best of one data set: configurations where seeds were repeated, else trials."""
    yield f"### {part.dataset}: best by `{score_name(sweep.rank_by)}`"
    if part.repeats is not None:
        yield _table(part.repeats.columns, part.repeats.rows(_ROWS))
        return
    # The columns that matter come first; a run's id is long.
    hidden = {"run_id", "status", "failure"}
    wanted = [*(name for name in part.board.columns if name not in hidden), "run_id"]
    indices = [part.board.columns.index(name) for name in wanted]
    yield _table(wanted, [[row[index] for index in indices] for row in part.board.rows(_ROWS)])


def _section(table: ReportTable) -> str:
    return f"### {table.title}\n\n{_table(table.columns, table.rows[:_ROWS])}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    lines = [[_cell(name) for name in columns], ["---"] * len(columns)]
    lines += [[_cell(value) for value in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _one_trial(board: Leaderboard) -> Iterator[str]:
    best = next((run for run in board.runs if run.failure is None), None)
    if best is not None:
        yield "One trial, compared with what is kept of it:"
        yield f"```\ngridwright rerun={best.run_id}\n```"
        yield f"SHA-256 of the data: `{best.data_digest}`"


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
