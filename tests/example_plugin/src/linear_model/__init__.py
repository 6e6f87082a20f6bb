"""Linear and softmax regression: the plugin. The model itself is in `estimator.py`.

This module is imported to check a command before anything runs. So that this stays quick, numpy
and scikit-learn are imported (with `estimator.py`) only when a model is built or loaded.
"""

from importlib.metadata import version as installed_version

from gridwright.contract import Problem

name = "linear-model"
version = installed_version("gridwright-linear-model")
requirements = (
    f"gridwright-linear-model=={version}",
    f"numpy=={installed_version('numpy')}",
    f"scikit-learn=={installed_version('scikit-learn')}",
)


def _number(value):
    # True and False are whole numbers in Python, and neither is an answer to "how many?".
    return isinstance(value, int | float) and not isinstance(value, bool)


# For each parameter: is the value good, and what must it be if not.
RULES = {
    "epochs": (
        lambda value: _number(value) and isinstance(value, int) and value >= 1,
        "must be a whole number of at least 1",
    ),
    "eta": (lambda value: _number(value) and 0 < value < float("inf"), "must be above 0"),
    "alpha": (lambda value: _number(value) and 0 <= value < float("inf"), "must be at least 0"),
}


def check(parameters, data):
    """Return every problem of `parameters`; nothing is trained."""
    options = ", ".join(RULES)
    unknown = [key for key in parameters if key not in RULES]
    problems = [Problem(key, f"is unknown; there are {options}") for key in unknown]
    for key, (is_good, rule) in RULES.items():
        if key not in parameters:
            problems.append(Problem(key, "is missing"))
        elif not is_good(parameters[key]):
            problems.append(Problem(key, f"{rule}, not {parameters[key]!r}"))
    return problems


def build(parameters, task, data, seed):
    """Return an untrained model."""
    from linear_model.estimator import LinearModel

    return LinearModel(task, data.classes, data.n_outputs, seed=seed, **parameters)


def load(folder):
    """Return the trained model that `LinearModel.save` wrote into `folder`."""
    from linear_model.estimator import LinearModel

    return LinearModel.load(folder)
