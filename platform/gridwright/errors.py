"""Every error that Gridwright raises on purpose.

A message is one sentence that says what is wrong, where, and what to change. The command line
prints that sentence without a traceback and ends with `exit_code`; anything that is not a
`GridwrightError` is a bug and keeps its traceback.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class GridwrightError(Exception):
    """Base of all errors that a user can act on."""

    exit_code = 2


class ConfigurationError(GridwrightError):
    """A configuration or command line that cannot be run as written."""


class InvalidTrials(ConfigurationError):
    """At least one cell of a grid cannot run; names every bad cell at once."""


class PluginError(GridwrightError):
    """An installed plugin breaks the contract; the message names the plugin and the hook."""


class DatasetError(GridwrightError):
    """Data that is missing, unreadable or unfit for the task."""


class ModelFileError(GridwrightError):
    """A stored model that was altered, cut short, or written by a newer version."""


class TrackingError(GridwrightError):
    """The tracking store cannot be used, or holds something else than expected."""


class SweepError(GridwrightError):
    """The sweep cannot be run with the resources at hand."""


class TrainingDiverged(GridwrightError):
    """Training left the range of floating point numbers (the paper's "floating point overflow").

    An estimator raises it from `fit`. The trial is recorded as failed, with `epoch` (counted
    from 1) and the reason, and the sweep goes on.
    """

    exit_code = 1

    def __init__(self, epoch: int, reason: str) -> None:
        super().__init__(f"training diverged in epoch {epoch}: {reason}")
        self.epoch = epoch
        self.reason = reason

    def __reduce__(self) -> tuple[type[TrainingDiverged], tuple[int, str]]:
        return type(self), (self.epoch, self.reason)


class OutOfMemory(GridwrightError):
    """A training that did not fit into memory; the message says how large its model is."""

    exit_code = 1


class TrialFailed(GridwrightError):
    """The one trial of a command without `-m` failed; its run says so, too."""

    exit_code = 1


def beginning(text: str, most: int) -> str:
    """Return a text as a sentence repeats it: what is longer would bury what is said of it."""
    return text if len(text) <= most else f"{text[:most]}..."


def unknown_name(kind: str, name: object, options: Iterable[str]) -> str:
    """Return "unknown <kind> 'name'; ...", with the nearest match first and all options listed."""
    choices: Sequence[str] = sorted(options)
    near = [choice for choice in choices if choice.rpartition("/")[2] == name]
    near = near or get_close_matches(str(name), choices, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"unknown {kind} {str(name)!r}: {hint}choose one of {', '.join(choices) or '(none)'}"
