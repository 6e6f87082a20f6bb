"""Settings -> an untrained object of scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from threadpoolctl import threadpool_info

if TYPE_CHECKING:
    from gridwright.contract import Task
    from gridwright_sklearn.catalogue import Entry
    from gridwright_sklearn.settings import Settings

#: What the platform states for every model, and what would carry over from one trial to another.
RESERVED: Final = {
    "n_jobs": "is the number of CPU cores of a trial: set resources.cpus=... instead",
    "random_state": "is the seed of the trial: set seed=... instead",
    "warm_start": "has no meaning here: every trial starts anew",
}

# With these, `n_jobs` means threads; with others it starts processes, which a trial must not.
_THREADED: Final = frozenset(
    {
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "KNeighborsClassifier",
        "KNeighborsRegressor",
        "Perceptron",
        "RadiusNeighborsClassifier",
        "RadiusNeighborsRegressor",
        "RandomForestClassifier",
        "RandomForestRegressor",
        "SGDClassifier",
    }
)
# It does take several targets at once, though scikit-learn's tags do not say so.
_SEVERAL_TARGETS: Final = frozenset({"MLPRegressor"})
# Parts of the cross-validation by which probabilities are calibrated.
_FOLDS: Final = 5


@cache
def defaults(entry: Entry) -> dict[str, Any]:
    """Return the arguments of a class of the list, by name, with scikit-learn's defaults."""
    arguments: dict[str, Any] = entry.load()().get_params(deep=False)
    return arguments


def bare(entry: Entry, settings: Settings) -> Any:
    """Return the object that the settings name, with their arguments and nothing else."""
    return entry.load()(**settings.params)


def has_probabilities(entry: Entry, settings: Settings) -> bool:
    """Return whether a classifier has probabilities of its own; it may depend on its arguments."""
    return hasattr(bare(entry, settings), "predict_proba")


def assemble(entry: Entry, settings: Settings, task: Task, n_outputs: int, seed: int) -> Any:
    """Return the untrained object of a trial.

    A regressor for one target is repeated for each of several; a classifier without
    probabilities is calibrated, as the settings say.
    """
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.utils import get_tags

    model = bare(entry, settings)
    if "random_state" in defaults(entry):
        # scikit-learn takes 32 bits.
        model.set_params(random_state=seed % 2**32)
    if task == "regression":
        several = get_tags(model).target_tags.multi_output or entry.name in _SEVERAL_TARGETS
        return model if several or n_outputs == 1 else MultiOutputRegressor(model)
    method = settings.calibration(has_probabilities=hasattr(model, "predict_proba"))
    return _calibrated(model, method, seed) if method else model


def _calibrated(model: Any, method: str, seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed % 2**32)
    # One classifier, trained on everything, behind one calibrator for each class.
    return CalibratedClassifierCV(model, method=method, cv=folds, ensemble=False)


def use_threads(model: Any, entry: Entry, count: int | None) -> None:
    """Let an assembled model of `entry` use `count` threads, where it can; None leaves one."""
    if entry.name in _THREADED:
        wrapped = type(model) is not entry.load()
        model.set_params(**{"estimator__n_jobs" if wrapped else "n_jobs": count})


def allowed_threads() -> int:
    """Return how many threads this trial may use: the platform limits the pools of its process."""
    return max((pool["num_threads"] for pool in threadpool_info()), default=1)
