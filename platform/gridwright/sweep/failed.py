"""The result of a trial that left none."""

from __future__ import annotations

import time

import numpy as np

from gridwright.contract import Failure, TrialResult


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
