"""The plugin's own parameters, with their defaults, and what `auto` means for an estimator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Task
    from gridwright_sklearn.catalogue import Entry

SCALE: Final = ("auto", True, False)
CALIBRATE: Final = ("auto", "none", "sigmoid", "isotonic")

# They split one column at a time, count, or do not look: the unit of a column is all one to them.
_INDIFFERENT_TO_UNITS: Final = frozenset(
    {
        "sklearn.dummy",
        "sklearn.ensemble",
        "sklearn.isotonic",
        "sklearn.naive_bayes",
        "sklearn.tree",
    }
)
# Their default step lengths, tolerances and widths are meant for targets of about unit size.
# Others are indifferent (least squares), or their penalty is in the target's unit (Lasso).
_WANT_UNIT_TARGETS: Final = frozenset(
    {
        "GaussianProcessRegressor",
        "LinearSVR",
        "MLPRegressor",
        "NuSVR",
        "SGDRegressor",
        "SVR",
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of a trial.

    Attributes:
        estimator: a class, its path, or a family; see `catalogue`.
        params: arguments of the class, by scikit-learn's names.
        scale: standardise the columns (mean 0, variance 1 over the training part).
        scale_target: standardise the target of a regression; predictions are scaled back.
        calibrate: how probabilities are fitted to the scores of a classifier, by cross-validation
            (`sklearn.calibration.CalibratedClassifierCV`); `auto` does it, by a sigmoid, for those
            that have none of their own.
    """

    estimator: str
    params: Mapping[str, Any]
    scale: str | bool = "auto"
    scale_target: str | bool = "auto"
    calibrate: str = "auto"

    def scales_columns(self, entry: Entry) -> bool:
        """Return whether the columns are standardised before `entry` sees them."""
        if self.scale == "auto":
            return entry.module not in _INDIFFERENT_TO_UNITS
        return bool(self.scale)

    def scales_target(self, entry: Entry, task: Task) -> bool:
        """Return whether the target is standardised."""
        if task == "classification":
            return False
        if self.scale_target == "auto":
            return entry.name in _WANT_UNIT_TARGETS
        return bool(self.scale_target)

    def calibration(self, *, has_probabilities: bool) -> str | None:
        """Return the method by which probabilities are fitted, None for not at all."""
        if self.calibrate == "auto":
            return None if has_probabilities else "sigmoid"
        return None if self.calibrate == "none" else self.calibrate
