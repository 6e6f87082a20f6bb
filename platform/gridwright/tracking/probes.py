"""The probes of a model: a few samples whose predictions a loaded copy must repeat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gridwright.datasets import TrialData
    from gridwright.tracking.spool import SpooledTrial

# Every run keeps its probes, so pictures get fewer of them than rows of a table.
_BYTES = 256 * 1024


def bounded_probes(trial: SpooledTrial, data: TrialData) -> SpooledTrial:
    """Return `trial` with the samples its recorded predictions belong to, 256 KiB at most."""
    result = trial.result
    if result.failure is not None or result.probe_rows is None or result.probe_predictions is None:
        return trial
    part = data.x_train if data.x_test is None else data.x_test
    count = max(1, _BYTES // max(1, part[:1].nbytes))
    rows = np.asarray(result.probe_rows)[:count]
    predictions = np.asarray(result.probe_predictions)[:count]
    raw = [] if data.raw_probes is None else data.raw_probes[:count].rows_as_written()
    return replace(
        trial,
        result=replace(result, probe_rows=rows, probe_predictions=predictions),
        probes=part[rows],
        raw_rows=tuple(raw),
    )
