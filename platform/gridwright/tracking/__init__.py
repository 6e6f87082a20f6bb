"""Everything that touches MLflow: spool, writer, champion, report and the served model.

No other package imports mlflow. Importing this one costs nothing: a name is loaded when it is
first asked for.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridwright.tracking.champion import PromotionOutcome, promote
    from gridwright.tracking.leaderboard import Leaderboard
    from gridwright.tracking.preview import log_preview
    from gridwright.tracking.provenance import Provenance, capture
    from gridwright.tracking.recorded_run import RecordedRun
    from gridwright.tracking.recorded_sweeps import RecordedSweep, RecordedTrial, read_sweeps
    from gridwright.tracking.records import FinishedRun, SweepRecord, TrackingSettings
    from gridwright.tracking.report import log_report
    from gridwright.tracking.report_table import ReportTable
    from gridwright.tracking.session import TrackingSession
    from gridwright.tracking.store_view import PastTrial, past_trials
    from gridwright.tracking.terminal_table import leaderboard_text

# MLflow reads these while it is imported; what the user has set stays.
_MLFLOW_DEFAULTS = {
    # Would copy the pyproject.toml and lock file of the working folder into every model.
    "MLFLOW_UV_AUTO_DETECT": "false",
    # Would write the names of environment variables into every model.
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    # No model of Gridwright's holds a pickle, so none needs to be read.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Would print two lines for every run of a tracking server.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Seven, MLflow's own choice, take four minutes to say that a server cannot be reached.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
}
for _name, _value in _MLFLOW_DEFAULTS.items():
    os.environ.setdefault(_name, _value)

_HOMES = {
    "FinishedRun": "records",
    "Leaderboard": "leaderboard",
    "PastTrial": "store_view",
    "PromotionOutcome": "champion",
    "Provenance": "provenance",
    "RecordedRun": "recorded_run",
    "RecordedSweep": "recorded_sweeps",
    "RecordedTrial": "recorded_sweeps",
    "ReportTable": "report_table",
    "SweepRecord": "records",
    "TrackingSession": "session",
    "TrackingSettings": "records",
    "capture": "provenance",
    "leaderboard_text": "terminal_table",
    "log_preview": "preview",
    "log_report": "report",
    "past_trials": "store_view",
    "promote": "champion",
    "read_sweeps": "recorded_sweeps",
}

__all__ = [
    "FinishedRun",
    "Leaderboard",
    "PastTrial",
    "PromotionOutcome",
    "Provenance",
    "RecordedRun",
    "RecordedSweep",
    "RecordedTrial",
    "ReportTable",
    "SweepRecord",
    "TrackingSession",
    "TrackingSettings",
    "capture",
    "leaderboard_text",
    "log_preview",
    "log_report",
    "past_trials",
    "promote",
    "read_sweeps",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
