"""What came of each experiment of a folder, from a tracking store."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from gridwright.checkpoints import RESUMED_EPOCH
from gridwright.claims import Claims
from gridwright.errors import ConfigurationError
from gridwright.results import findings
from gridwright.tracking import TrackingSettings, read_sweeps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gridwright.claims import ClaimedRow, ClaimResult
    from gridwright.tracking import RecordedSweep, RecordedTrial

#: Versions that are shown, of all that a sweep knows.
_VERSIONS = ("gridwright", "numpy-mlp", "keras-cnn", "numpy", "keras", "tensorflow", "jax", "torch")
#: Significant digits of a measured number.
_DIGITS = 6


def collected(folder: Path, tracking: str, machine: str = "") -> dict[str, Any]:
    """Return the results of the experiments in `folder`, ready for JSON.

    Args:
        folder: of experiment files; its name is the first part of theirs: `paper/iris`.
        tracking: URI of the store with their sweeps.
        machine: what they ran on, in words; each sweep is told with it.

    Raises:
        ConfigurationError: no experiment there has claims, or one cannot be read.
        TrackingError: the store cannot be read.
    """
    settings = TrackingSettings.resolve(tracking, None, "", ".")
    found: dict[str, Any] = {}
    trials: dict[str, list[RecordedTrial]] = {}
    for file in sorted(folder.glob("*.yaml")):
        claims = Claims.of(_claims_node(file))
        if claims.rows:
            sweeps = read_sweeps(settings, f"experiment={folder.name}/{file.stem}")
            trials[file.stem] = _distinct(sweeps)
            found[file.stem] = _experiment(claims, sweeps, trials[file.stem], machine)
    if not found:
        raise ConfigurationError(f"no experiment in {folder} claims anything")
    return {
        "experiments": found,
        "findings": findings.answers(findings.read(folder), trials),
    }


def scale(trial: RecordedTrial) -> float:
    """Return the share of the training samples that a trial had."""
    return float(trial.config["dataset"].get("fraction") or 1.0)


def _claims_node(file: Path) -> dict[str, Any]:
    node = OmegaConf.to_container(OmegaConf.load(file))
    return dict(node.get("claims") or {}) if isinstance(node, dict) else {}


def _distinct(sweeps: Iterable[RecordedSweep]) -> list[RecordedTrial]:
    """Return the trials of all sweeps; one that several took over counts once."""
    return list({trial.run_id: trial for sweep in sweeps for trial in sweep.trials}.values())


def _experiment(
    claims: Claims,
    sweeps: Sequence[RecordedSweep],
    trials: Sequence[RecordedTrial],
    machine: str,
) -> dict[str, Any]:
    return {
        "source": claims.source,
        "sweeps": [_sweep(sweep) | {"machine": machine} for sweep in sweeps],
        "rows": [
            _row(row, results, trials, share)
            for row, (share, results) in zip(claims.rows, _results(claims, trials), strict=True)
        ],
    }


def _results(
    claims: Claims, trials: Sequence[RecordedTrial]
) -> list[tuple[float | None, list[ClaimResult]]]:
    """Return the results of each row, from the trials with the most data, and their share of it."""
    shares = sorted({scale(trial) for trial in trials}, reverse=True)
    by_share = {
        share: _by_row(claims, [trial for trial in trials if scale(trial) == share])
        for share in shares
    }
    empty = _by_row(claims, [])
    return [
        next(
            (
                (share, by_share[share][place])
                for share in shares
                if by_share[share][place][0].verdict != "not run"
            ),
            (None, empty[place]),
        )
        for place in range(len(claims.rows))
    ]


def _by_row(claims: Claims, trials: Sequence[RecordedTrial]) -> list[list[ClaimResult]]:
    compared = iter(
        claims.compare((trial.config, None if trial.failed else trial.metrics) for trial in trials)
    )
    return [[next(compared) for _ in row.claims] for row in claims.rows]


def _row(
    row: ClaimedRow,
    results: Sequence[ClaimResult],
    trials: Sequence[RecordedTrial],
    share: float | None,
) -> dict[str, Any]:
    own = [trial for trial in trials if row.is_about(trial.config) and scale(trial) == share]
    return {
        "row": results[0].row,
        "data": share,
        "seeds": sorted(trial.config["seed"] for trial in own),
        "figures": {
            result.claim.metric: {
                "kind": result.claim.kind,
                "claimed": result.claim.value,
                "obtained": rounded(result.obtained),
                "spread": rounded(result.spread),
                "verdict": result.verdict,
            }
            for result in results
        },
    }


def _sweep(sweep: RecordedSweep) -> dict[str, Any]:
    continued = any(RESUMED_EPOCH in trial.metrics for trial in sweep.trials)
    return {
        "command": _public(sweep.command),
        "date": sweep.date,
        "seconds": round(sweep.seconds),
        "continued": continued,
        "commit": sweep.commit + "+" * sweep.dirty,
        "data": sorted({scale(trial) for trial in sweep.trials}),
        "trials": len(sweep.trials),
        "failed": sum(trial.failed for trial in sweep.trials),
        "versions": {name: sweep.versions[name] for name in _VERSIONS if name in sweep.versions},
    }


def _public(command: str) -> str:
    """Return a command without where its runs were kept, which is nobody else's business."""
    return shlex.join(word for word in shlex.split(command) if not word.startswith("tracking."))


def rounded(value: float | None) -> float | None:
    """Return a measured number with as many digits as anybody reads."""
    return None if value is None else float(f"{value:.{_DIGITS}g}")
