"""The result of a trial that left none."""

from __future__ import annotations

import time
from traceback import format_exception

import numpy as np

from gridwright.contract import Failure, TrialResult
from gridwright.errors import GridwrightError


def failed_result(key: str, reason: str, traceback: str = "") -> TrialResult:
    """Return the result of a trial that failed outside of its training, for `reason`."""
    now = time.time_ns() // 1_000_000
    return TrialResult(
        key=key,
        started_ms=now,
        ended_ms=now,
        epoch_ms=np.empty(0, np.int64),
        histories={},
        metrics={},
        failure=Failure("error", reason, traceback=traceback),
    )


def failed_by(key: str, error: Exception) -> TrialResult:
    """Return the result of a trial that `error` ended outside of its training."""
    reason = str(error) if isinstance(error, GridwrightError) else repr(error)
    return failed_result(key, reason, "".join(format_exception(error)))
