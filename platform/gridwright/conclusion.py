"""The last lines of a command: where the results are, and what to type next."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gridwright.claims import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.claims import ClaimResult
    from gridwright.tracking import FinishedRun, PromotionOutcome, TrackingSettings

#: Metrics of a single run, in the order in which a person asks for them.
_SHOWN = (
    "validation_score",
    "test_score",
    "train_score",
    "validation_loss",
    "test_loss",
    "train_loss",
    "fit_seconds",
)


def of_run(
    run: FinishedRun, settings: TrackingSettings, outcome: PromotionOutcome | None = None
) -> str:
    """Return what a single run ends with.

    Args:
        run: the run.
        settings: where it is.
        outcome: what became of its model; None for a run that failed.
    """
    if outcome is None:
        return f"Run {run.run_id} is marked as failed; {_where(settings)}."
    metrics = [f"  {name:<17} {run.metrics[name]:.4f}" for name in _SHOWN if name in run.metrics]
    if outcome.error is not None:
        return "\n".join([*metrics, "", *_next_steps(settings, [])])
    is_champion = outcome.champion is not None and outcome.champion == outcome.version
    uri = f"models:/{outcome.model_name}@champion" if is_champion else f"runs:/{run.run_id}/model"
    return "\n".join([*metrics, "", outcome.sentence, *_next_steps(settings, [uri])])


def of_sweep(settings: TrackingSettings, served: Sequence[str]) -> str:
    """Return what a sweep ends with.

    Args:
        settings: where its runs are.
        served: URIs of the models that can be served, such as `models:/iris@champion`.
    """
    return "\n".join(_next_steps(settings, served))


def of_failures(failed: Sequence[FinishedRun]) -> str:
    """Return one line for each reason that trials failed for, the most frequent first."""
    reasons = Counter(run.failure.reason for run in failed if run.failure is not None)
    lines = [f"  {count} x {reason}" for reason, count in reasons.most_common()]
    return "\n".join([f"Failed trials: {len(failed)}", *lines])


def of_interruptions(interruptions: Mapping[str, float]) -> str:
    """Return what the store refused for a while, and that nothing was lost by it.

    Args:
        interruptions: sentence -> seconds.
    """
    lines = [f"  {seconds:.0f} s: {sentence}" for sentence, seconds in interruptions.items()]
    head = "The store could not be used for a while; finished trials waited, and all are written:"
    return "\n".join([head, *lines])


def of_claims(results: Sequence[ClaimResult], source: str) -> str:
    """Return a table of what was claimed beside what was obtained.

    Args:
        results: in the order of the claims.
        source: where the claimed numbers come from.
    """
    claimed = [result for result in results if result.claim.kind != "shown"]
    judged = [result for result in claimed if result.verdict != "not run"]
    held = sum(result.verdict == "held" for result in judged)
    rest = f" ({len(claimed) - len(judged)} more not run)" if len(judged) < len(claimed) else ""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in {"trials", "verdict"} else "right")
    for result in results:
        table.add_row(*(escape(_cell(value)) for value in result.cells))
    text = io.StringIO()
    Console(file=text, width=120, color_system=None).print(table)
    headline = f"Claims of {source or 'the experiment'}: {held} of {len(judged)} held{rest}"
    return "\n".join([headline, *(line.rstrip() for line in text.getvalue().splitlines())])


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _where(settings: TrackingSettings) -> str:
    place = settings.database or settings.public_uri
    return f"results are in {place}, experiment {settings.experiment_name}"


def _next_steps(settings: TrackingSettings, served: Sequence[str]) -> list[str]:
    prefix = _prefix(settings)
    lines = [f"The {_where(settings)}.", *_activation()]
    if settings.database is not None:
        lines.append(f"  compare:  {prefix}mlflow ui")
    else:
        lines.append(f"  compare:  open {settings.public_uri}")
    lines += [
        f"  serve:    {prefix}mlflow models serve -m {uri} --env-manager local" for uri in served
    ]
    return lines


def _prefix(settings: TrackingSettings) -> str:
    """Return the environment that MLflow's commands need to find the store."""
    # MLflow's own default is mlflow.db in the working folder.
    if settings.database == Path.cwd() / "mlflow.db":
        return ""
    return f"MLFLOW_TRACKING_URI={shlex.quote(settings.public_uri)} "


def _activation() -> list[str]:
    """Return the line that puts this environment's commands on the PATH, if they are not there."""
    binaries = Path(sys.prefix) / "bin"
    on_path = str(binaries) in os.environ.get("PATH", "").split(os.pathsep)
    activate = binaries / "activate"
    if on_path or not activate.exists():
        return []
    shown = activate.relative_to(Path.cwd()) if activate.is_relative_to(Path.cwd()) else activate
    return [f"  first:    source {shlex.quote(str(shown))}"]
