"""Three ways to train: in one go, epoch by epoch, or in one go and looked at stage by stage.

- Networks and linear models that are trained by gradient descent take one epoch after the other
  through `partial_fit`, and stop by scikit-learn's rule: when the loss has not become smaller by
  `tol` for `n_iter_no_change` epochs.
- Boosted trees are trained in one go; then `staged_predict` tells what each tree has added.
- All others have no steps that could be looked at for little time, and report once.
"""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import ConfigurationError, TrainingDiverged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridwright.contract import Array
    from gridwright_sklearn.curves import Curves

#: Classes whose stages cost no more than one prediction; the argument that counts the stages.
_STAGED: Final = {
    "AdaBoostClassifier": "n_estimators",
    "GradientBoostingClassifier": "n_estimators",
    "GradientBoostingRegressor": "n_estimators",
    "HistGradientBoostingClassifier": "max_iter",
    "HistGradientBoostingRegressor": "max_iter",
}
_NETWORKS: Final = ("MLPClassifier", "MLPRegressor")
_GRADIENT_DESCENT: Final = ("SGDClassifier", "SGDRegressor")

# How scikit-learn and numpy say that numbers have left their range.
_DIVERGED = re.compile("overflow|non-finite|infinit|NaN", re.IGNORECASE)


def train(model: Any, y: Array, classes: Array | None, curves: Curves) -> None:
    """Train an assembled model on the first of `curves.inputs`.

    Args:
        model: an untrained object of scikit-learn.
        y: labels, or (scaled) values.
        classes: all labels, sorted; None for a regression.
        curves: hears of each step.

    Raises:
        TrainingDiverged: numbers have left their range.
        ConfigurationError: scikit-learn refuses the arguments or the data.
    """
    with _plain_errors(model, curves):
        if _takes_epochs(model):
            _by_epochs(model, y, classes, curves)
            return
        model.fit(curves.inputs[0], y)
        if type(_single(model)).__name__ in _STAGED:
            _look_at_stages(model, y, curves)
        else:
            curves.report(predict(model, x) for x in curves.inputs)


def predict(model: Any, x: Array) -> Array:
    """Return probabilities in the order of `model.classes_`, or values."""
    classifies = hasattr(model, "classes_")
    predicted: Array = model.predict_proba(x) if classifies else model.predict(x)
    return predicted


def _takes_epochs(model: Any) -> bool:
    name = type(model).__name__
    if name in _NETWORKS:
        adapts = model.solver == "sgd" and model.learning_rate == "adaptive"
        return model.solver != "lbfgs" and not model.early_stopping and not adapts
    if name in _GRADIENT_DESCENT:
        balanced = getattr(model, "class_weight", None) == "balanced"
        return not model.early_stopping and not balanced and model.learning_rate != "adaptive"
    return False


def _by_epochs(model: Any, y: Array, classes: Array | None, curves: Curves) -> None:
    seed = model.random_state
    # From a number, every epoch would shuffle alike.
    model.set_params(random_state=np.random.RandomState(seed))
    first = {} if classes is None else {"classes": classes}
    network = type(model).__name__ in _NETWORKS
    patience = model.n_iter_no_change + (1 if network else 0)
    smallest, stale = np.inf, 0
    for _ in range(model.max_iter):
        model.partial_fit(curves.inputs[0], y, **first)
        first = {}
        if curves.report(predict(model, x) for x in curves.inputs):
            break
        loss = model.loss_ if network else curves.loss
        stale = stale + 1 if loss > smallest - _tolerance(model) else 0
        smallest = min(smallest, loss)
        if stale >= patience:
            break
    model.set_params(random_state=seed)


def _tolerance(model: Any) -> float:
    return -np.inf if model.tol is None else float(model.tol)


def _look_at_stages(model: Any, y: Array, curves: Curves) -> None:
    for stage in zip(*(_stages(model, x) for x in curves.inputs), strict=True):
        if curves.report(stage):
            # The trees up to here are those that a shorter training would have made.
            single = _single(model)
            single.set_params(**{_STAGED[type(single).__name__]: curves.epoch})
            model.fit(curves.inputs[0], y)
            return


def _stages(model: Any, x: Array) -> Iterator[Array]:
    if hasattr(model, "estimators_") and _single(model) is not model:
        # Columns that were trained for fewer stages than others stay as they were at their last.
        columns = [list(one.staged_predict(x)) for one in model.estimators_]
        for stage in range(max(map(len, columns))):
            yield np.column_stack([one[min(stage, len(one) - 1)] for one in columns])
        return
    yield from (
        model.staged_predict_proba(x) if hasattr(model, "classes_") else model.staged_predict(x)
    )


def _single(model: Any) -> Any:
    """Return the regressor that is repeated for several targets, or the model itself."""
    return model.estimator if type(model).__name__ == "MultiOutputRegressor" else model


@contextmanager
def _plain_errors(model: Any, curves: Curves) -> Iterator[None]:
    """Turn what scikit-learn raises into our errors, and print what it warns of, once each."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
    except ValueError as error:
        reason = " ".join(str(error).split())
        if _DIVERGED.search(reason):
            raise TrainingDiverged(curves.epoch + 1, reason) from error
        raise ConfigurationError(f"{type(model).__name__} cannot be trained: {reason}") from error
    finally:
        for message in dict.fromkeys(str(warning.message) for warning in caught):
            print(f"scikit-learn: {message}")  # noqa: T201 - the platform keeps it as the trial's log
