"""Every mistake has its sentence, before anything is trained."""

from dataclasses import replace

import pytest

from gridwright.contract import DataDescription, Problem
from gridwright_sklearn import building, catalogue
from gridwright_sklearn.plugin import plugin

IRIS = DataDescription("iris", "classification", 96, (4,), "float64", ("a", "b", "c"))
DIABETES = DataDescription("diabetes", "regression", 300, (10,), "float64")


def problem(parameters, data=IRIS):
    (found,) = plugin.check(parameters, data)
    return found


@pytest.mark.parametrize(
    ("parameters", "name", "message"),
    [
        ({}, "estimator", "is missing: name a classifier or regressor of scikit-learn"),
        ({"estimator": 3}, "estimator", "must be the name of an estimator, but got 3"),
        ({"estimator": "RandomForst"}, "estimator", "did you mean 'RandomForest'?"),
        (
            {"estimator": "StackingClassifier"},
            "estimator",
            "StackingClassifier is not on the list of estimators: it wraps another estimator",
        ),
        ({"estimator": "os.system"}, "estimator", "unknown estimator 'os.system'"),
        ({"estimator": "my.SVC"}, "estimator", "unknown estimator 'my.SVC': did you mean 'SVC'?"),
        (
            {"estimator": "RandomForestRegressor"},
            "estimator",
            (
                "must predict classes on iris, but RandomForestRegressor predicts numbers: use "
                "RandomForestClassifier"
            ),
        ),
        (
            {"estimator": "IsotonicRegression"},
            "estimator",
            "must predict classes on iris, but IsotonicRegression predicts numbers",
        ),
        (
            {"estimator": "LinearSVC", "calibrate": "none"},
            "estimator",
            (
                "must give probabilities, but LinearSVC has none with these parameters: set "
                "model.calibrate=auto, which fits them by cross-validation"
            ),
        ),
        (
            {"estimator": "SGD", "calibrate": "none"},
            "estimator",
            "must give probabilities, but SGDClassifier has none",
        ),
        ({"estimator": "SVM", "params": [1]}, "params", "must be a mapping of names to values"),
        (
            {"estimator": "SVM", "params": {"c": 1}},
            "params.c",
            "unknown parameter of SVC 'c': choose one of C, break_ties",
        ),
        (
            {"estimator": "SVM", "params": {"C": -1}},
            "params.C",
            "must be a float in the range (0.0, inf], but got -1",
        ),
        (
            {"estimator": "SVM", "params": {"C": True}},
            "params.C",
            "must be a float in the range (0.0, inf], but got True",
        ),
        (
            {"estimator": "SVM", "params": {"C": float("nan")}},
            "params.C",
            "must be a float in the range (0.0, inf], but got nan",
        ),
        ({"estimator": "SVM", "params": {"kernel": "rfb"}}, "params.kernel", "but got 'rfb'"),
        (
            {"estimator": "SVM", "params": {"random_state": 1}},
            "params.random_state",
            "is the seed of the trial: set seed=... instead",
        ),
        (
            {"estimator": "RandomForest", "params": {"n_jobs": 2}},
            "params.n_jobs",
            "is the number of CPU cores of a trial: set resources.cpus=... instead",
        ),
        (
            {"estimator": "KNeighbors", "params": {"n_neighbors": 97}},
            "params.n_neighbors",
            "must be at most the 96 samples that are trained on, but got 97",
        ),
        (
            {"estimator": "MLP", "params": {"hidden_layer_sizes": [5, 0]}},
            "params.hidden_layer_sizes",
            "must be a list of whole numbers of at least 1, but got [5, 0]",
        ),
        ({"estimator": "SVM", "scale": 1}, "scale", "one of auto, true, false, but got 1"),
        (
            {"estimator": "SVM", "calibrate": "platt"},
            "calibrate",
            "must be one of auto, none, sigmoid, isotonic, but got 'platt'",
        ),
        ({"estimator": "SVM", "scael": 1}, "scael", "did you mean 'scale'?"),
    ],
    ids=str,
)
def test_a_mistake_is_answered(parameters, name, message):
    found = problem(parameters)
    assert found.parameter == name
    assert message in found.message


def test_what_only_regressions_can_get_wrong():
    found = problem({"estimator": "MultiTaskLasso"}, DIABETES)
    assert found.message == (
        "must predict one target, but MultiTaskLasso is for several: use Lasso"
    )
    found = problem({"estimator": "IsotonicRegression"}, DIABETES)
    assert "must take samples of 10 columns, but IsotonicRegression takes one" in found.message
    found = problem({"estimator": "LogisticRegression"}, DIABETES)
    assert found.message.endswith("LogisticRegression predicts classes: use LinearRegression")


def test_all_problems_come_at_once():
    found = plugin.check(
        {"estimator": "SVM", "params": {"C": 0, "tol": "x"}, "scale": 2, "speed": 1}, IRIS
    )
    assert [one.parameter for one in found] == ["speed", "scale", "params.C", "params.tol"]


@pytest.mark.parametrize("name", ["SVM", "SVC", "sklearn.svm.SVC"])
def test_three_ways_to_name_a_class(name):
    assert catalogue.find(name, "classification").path == "sklearn.svm.SVC"


def test_a_family_is_what_the_data_needs():
    assert catalogue.find("Ridge", "classification").name == "RidgeClassifier"
    assert catalogue.find("Ridge", "regression").name == "Ridge"


@pytest.mark.parametrize("dtype", ["object", "<U3", "complex128"])
def test_samples_that_are_no_numbers(dtype):
    found = problem({"estimator": "SVM"}, replace(IRIS, dtype=dtype))
    assert found.parameter == "dataset"
    assert found.message == f"must hold real numbers, but the type of iris is {dtype}"


ODD = (None, True, -1, 0, 0.5, 10**30, float("nan"), float("inf"), "text", [], [[]], {"a": 1})


@pytest.mark.parametrize("name", catalogue.entries())
def test_no_value_of_any_argument_raises(name):
    entry = catalogue.entries()[name]
    data = DIABETES if plugin.check({"estimator": entry.path}, IRIS) else IRIS
    for argument in building.defaults(entry):
        for value in ODD:
            found = plugin.check({"estimator": entry.path, "params": {argument: value}}, data)
            assert all(isinstance(one, Problem) and one.message for one in found)


@pytest.mark.parametrize("name", catalogue.entries())
def test_the_defaults_of_scikit_learn_are_good(name):
    entry = catalogue.entries()[name]
    data = DIABETES if plugin.check({"estimator": entry.path}, IRIS) else IRIS
    known = {
        argument: value
        for argument, value in building.defaults(entry).items()
        if argument not in building.RESERVED
    }
    found = plugin.check({"estimator": entry.path, "params": known}, data)
    assert [one for one in found if one.parameter.startswith("params.")] == []
