"""The allow-list: which classes `model.estimator` may name, and where each of them is.

A name is a class (`RandomForestClassifier`), its path (`sklearn.ensemble.RandomForestClassifier`),
or a family (`RandomForest`), which is the classifier or the regressor, as the data needs it.

An installed package adds classes of its own by an entry point in the group
`gridwright_sklearn.estimators`: `MyForest = "my_package.forests:MyForest"`. They must keep
scikit-learn's contract. Installing a package is what trusts it; a configuration cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gridwright.contract import Task

#: Entry-point group in which a package adds estimators to the list.
ESTIMATOR_ENTRY_POINTS: Final = "gridwright_sklearn.estimators"

_BY_MODULE: Final = {
    "sklearn.cross_decomposition": "PLSRegression",
    "sklearn.discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "sklearn.dummy": "DummyClassifier DummyRegressor",
    "sklearn.ensemble": (
        "AdaBoostClassifier AdaBoostRegressor BaggingClassifier BaggingRegressor "
        "ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier "
        "GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor "
        "RandomForestClassifier RandomForestRegressor"
    ),
    "sklearn.gaussian_process": "GaussianProcessClassifier GaussianProcessRegressor",
    "sklearn.isotonic": "IsotonicRegression",
    "sklearn.kernel_ridge": "KernelRidge",
    "sklearn.linear_model": (
        "ARDRegression BayesianRidge ElasticNet ElasticNetCV GammaRegressor HuberRegressor Lars "
        "LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression "
        "LogisticRegression LogisticRegressionCV MultiTaskElasticNet MultiTaskElasticNetCV "
        "MultiTaskLasso MultiTaskLassoCV OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV "
        "Perceptron PoissonRegressor QuantileRegressor RANSACRegressor Ridge RidgeCV "
        "RidgeClassifier RidgeClassifierCV SGDClassifier SGDRegressor TheilSenRegressor "
        "TweedieRegressor"
    ),
    "sklearn.naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "sklearn.neighbors": (
        "KNeighborsClassifier KNeighborsRegressor NearestCentroid RadiusNeighborsClassifier "
        "RadiusNeighborsRegressor"
    ),
    "sklearn.neural_network": "MLPClassifier MLPRegressor",
    "sklearn.svm": "LinearSVC LinearSVR NuSVC NuSVR SVC SVR",
    "sklearn.tree": (
        "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor"
    ),
}

_WRAPS = "it wraps another estimator: name that one"
_UNLABELLED = "it learns from samples without labels, which no data set here has"
_PAIRS = "it relates two tables of several columns each: PLSRegression predicts"
#: Classifiers and regressors of scikit-learn that are not on the list, and why.
EXCLUDED: Final = {
    "CCA": _PAIRS,
    "CalibratedClassifierCV": "it is what model.calibrate puts around a classifier",
    "ClassifierChain": _WRAPS,
    "FixedThresholdClassifier": _WRAPS,
    "LabelPropagation": _UNLABELLED,
    "LabelSpreading": _UNLABELLED,
    "MultiOutputClassifier": _WRAPS,
    "MultiOutputRegressor": "it is put around a regressor where the target has several columns",
    "OneVsOneClassifier": _WRAPS,
    "OneVsRestClassifier": _WRAPS,
    "OutputCodeClassifier": _WRAPS,
    "PLSCanonical": _PAIRS,
    "PassiveAggressiveClassifier": "scikit-learn removes it: use SGDClassifier",
    "PassiveAggressiveRegressor": "scikit-learn removes it: use SGDRegressor",
    "RegressorChain": _WRAPS,
    "SelfTrainingClassifier": _UNLABELLED,
    "StackingClassifier": _WRAPS,
    "StackingRegressor": _WRAPS,
    "TransformedTargetRegressor": "model.scale_target does what it is for",
    "TunedThresholdClassifierCV": _WRAPS,
    "VotingClassifier": _WRAPS,
    "VotingRegressor": _WRAPS,
}

#: Families whose two classes do not share a name: (classifier, regressor).
_IRREGULAR: Final = {
    "LinearModel": ("LogisticRegression", "LinearRegression"),
    "LinearSVM": ("LinearSVC", "LinearSVR"),
    "NuSVM": ("NuSVC", "NuSVR"),
    "Ridge": ("RidgeClassifier", "Ridge"),
    "RidgeCV": ("RidgeClassifierCV", "RidgeCV"),
    "SVM": ("SVC", "SVR"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A class on the list.

    Attributes:
        name: of the class.
        module: from where it is imported.
    """

    name: str
    module: str

    @property
    def path(self) -> str:
        """Module and name, as an import would say it."""
        return f"{self.module}.{self.name}"

    def load(self) -> Any:
        """Import the class."""
        return getattr(import_module(self.module), self.name)


@cache
def entries() -> dict[str, Entry]:
    """Return every class on the list by its name, without importing any."""
    found = {
        name: Entry(name, module) for module, names in _BY_MODULE.items() for name in names.split()
    }
    for point in entry_points(group=ESTIMATOR_ENTRY_POINTS):
        # Our own names stay what they are, whoever announces them.
        found.setdefault(point.name, Entry(point.attr, point.module))
    return found


@cache
def families() -> dict[str, dict[Task, str]]:
    """Return the classifier and the regressor of each family."""
    named = {}
    for name in entries():
        stem = name.removesuffix("Classifier")
        if stem != name and f"{stem}Regressor" in entries():
            named[stem] = (name, f"{stem}Regressor")
    named |= _IRREGULAR
    return {
        family: {"classification": classifier, "regression": regressor}
        for family, (classifier, regressor) in sorted(named.items())
    }


def find(name: str, task: Task) -> Entry | None:
    """Return the class that `name` stands for; None where it is not on the list."""
    if name in families():
        name = families()[name][task]
    short = name.rpartition(".")[2]
    entry = entries().get(short)
    return entry if entry and name in {short, entry.path} else None


def objection(name: str) -> str:
    """Return why `name` cannot be had, with the nearest name that can."""
    short = name.rpartition(".")[2]
    if short in EXCLUDED:
        return f"{short} is not on the list of estimators: {EXCLUDED[short]}"
    near = get_close_matches(short, [*families(), *entries()], n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return (
        f"unknown estimator {name!r}: {hint}choose one of {', '.join(families())}, "
        "or any other classifier or regressor of scikit-learn by its class's name"
    )
