import inspect
import subprocess
import sys
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import yaml
from sklearn.datasets import load_diabetes, load_iris

from gridwright.contract import Classifier, DataDescription, ModelPlugin
from gridwright.errors import ModelFileError
from gridwright.plugins import load_model_plugin
from numpy_mlp import MLPClassifier, MLPRegressor
from numpy_mlp.hyperparameters import RULES
from numpy_mlp.plugin import plugin

IRIS = DataDescription("iris", "classification", 120, (4,), "float64", ("a", "b", "c"))
DIABETES = DataDescription("diabetes", "regression", 300, (10,), "float64")
DEFAULTS = yaml.safe_load(
    resources.files("numpy_mlp").joinpath("conf/model/numpy-mlp.yaml").read_text("utf-8")
)


def test_it_is_found_by_its_name_and_keeps_the_contract():
    assert load_model_plugin("numpy-mlp") is plugin
    assert isinstance(plugin, ModelPlugin)
    assert all("==" in requirement for requirement in plugin.requirements)
    assert plugin.requirements[0] == f"gridwright-numpy-mlp=={plugin.version}"


def test_importing_the_package_and_the_plugin_is_cheap():
    code = (
        "import sys, numpy_mlp, numpy_mlp.plugin; dir(numpy_mlp); numpy_mlp.plugin.plugin.requirements; "
        "print([name for name in ('numpy', 'scipy', 'sklearn', 'ray', 'mlflow') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_public_name_can_be_imported():
    import numpy_mlp

    for name in numpy_mlp.__all__:
        assert getattr(numpy_mlp, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = numpy_mlp.Nothing


@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_configuration_and_signature_say_the_same(estimator):
    signature = inspect.signature(estimator).parameters
    told = {
        name: list(item.default) if isinstance(item.default, tuple) else item.default
        for name, item in signature.items()
        if name not in {"verbose", "random_state"}
    }
    configured = dict(DEFAULTS)
    assert configured.pop("name") == "numpy-mlp"
    assert configured == told
    assert list(configured) == list(RULES) == list(told)


def parameters(**changes):
    return {**{name: value for name, value in DEFAULTS.items() if name != "name"}, **changes}


def test_defaults_have_no_problems():
    assert plugin.check(parameters(), IRIS) == []
    assert plugin.check(parameters(), DIABETES) == []


@pytest.mark.parametrize(
    ("changes", "name", "message"),
    [
        ({"etta": 1}, "etta", "did you mean 'eta'"),
        ({"hidden_layer": [5, 0]}, "hidden_layer", "list of whole numbers of at least 1"),
        ({"hidden_layer": "5"}, "hidden_layer", "list of whole numbers"),
        ({"hidden_layer": [5.0]}, "hidden_layer", "list of whole numbers"),
        ({"hidden_layer": [True]}, "hidden_layer", "list of whole numbers"),
        ({"activation": "Cosine"}, "activation", "choose one of LeakyReLU, ReLU, Sigmoid, Tanh"),
        ({"activation": None}, "activation", "must be a name"),
        ({"epoch": 0}, "epoch", "whole number of at least 1"),
        ({"epoch": 1.5}, "epoch", "whole number"),
        ({"epoch": True}, "epoch", "whole number"),
        ({"eta": 0}, "eta", "above 0"),
        ({"eta": "fast"}, "eta", "a number above 0, but got 'fast'"),
        ({"eta": float("nan")}, "eta", "a number above 0"),
        ({"eta": float("inf")}, "eta", "a number above 0"),
        ({"beta": -1}, "beta", "at least 0"),
        ({"alpha": -0.1}, "alpha", "at least 0"),
        ({"mu": 1}, "mu", "at least 0 and below 1"),
        ({"batch_size": 0}, "batch_size", "or null for all samples"),
        ({"optimizer": "SGD"}, "optimizer", "unknown optimizer 'SGD'"),
        ({"optimizer": "Adam(beta_1=1)"}, "optimizer", "beta_1 must be a number"),
        ({"loss": "Hinge"}, "loss", "unknown loss"),
        ({"initializer": "Zero"}, "initializer", "unknown initializer"),
        ({"dropout": 1}, "dropout", "below 1"),
        ({"dropout": 0.1, "optimizer": "LBFGS"}, "dropout", "must be 0 with optimizer LBFGS"),
        ({"schedule": "StepDecay(2)"}, "schedule", "at most 1"),
        ({"patience": 0}, "patience", "or null for never"),
        ({"tolerance": -1}, "tolerance", "at least 0"),
        ({"dtype": "float16"}, "dtype", "float32 or float64"),
        ({"dtype": "nonsense"}, "dtype", "float32 or float64"),
        ({"threads": 0}, "threads", "at least 1"),
    ],
    ids=str,
)
def test_every_bad_parameter_is_named(changes, name, message):
    (problem,) = plugin.check(parameters(**changes), IRIS)
    assert problem.parameter == name
    assert message in problem.message


def test_all_problems_come_at_once():
    found = plugin.check(parameters(eta=-1, epoch=0, dropuot=0.5), IRIS)
    assert {problem.parameter for problem in found} == {"eta", "epoch", "dropuot"}


def test_problems_of_parameters_and_data_together():
    (problem,) = plugin.check(parameters(loss="CrossEntropy"), DIABETES)
    assert (problem.parameter, "is for classes" in problem.message) == ("loss", True)
    for change in (
        {"classes": ("a",)},
        {"n_train": 0},
        {"sample_shape": (0,)},
        {"dtype": "object"},
    ):
        (problem,) = plugin.check(parameters(), replace(IRIS, **change))
        assert problem.parameter == "dataset"


def test_a_classifier_from_configuration_to_file_and_back(tmp_path):
    x, codes = load_iris(return_X_y=True)
    y = np.array(["a", "b", "c"])[codes]
    settings = parameters(hidden_layer=[10, 5], activation="LeakyReLU(0.1)", epoch=20)
    models = [plugin.build(settings, "classification", IRIS, seed=3) for _ in range(2)]
    assert isinstance(models[0], Classifier)
    for model in models:
        model.fit(x, y)
    np.testing.assert_array_equal(models[0].predict_proba(x), models[1].predict_proba(x))
    models[0].save(tmp_path)
    loaded = plugin.load(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(x), models[0].predict_proba(x))
    assert set(loaded.predict(x)) <= {"a", "b", "c"}
    assert settings == parameters(hidden_layer=[10, 5], activation="LeakyReLU(0.1)", epoch=20)


def test_a_regressor_from_configuration():
    x, y = load_diabetes(return_X_y=True)
    model = plugin.build(parameters(epoch=30), "regression", DIABETES, seed=0)
    model.fit(x, y)
    assert model.score(x, y) > 0.4
    assert not isinstance(model, Classifier)


def test_nothing_to_load(tmp_path):
    with pytest.raises(ModelFileError, match=r"model.json is missing"):
        plugin.load(tmp_path)
