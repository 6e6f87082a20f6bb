"""Each preset composes, runs on the data that it is for, and repeats scikit-learn's defaults."""

import shlex
from importlib import resources

import pytest
from hydra import compose, initialize_config_module
from omegaconf import OmegaConf

from gridwright.contract import DataDescription
from gridwright.schema import register
from gridwright_sklearn import building, catalogue
from gridwright_sklearn.plugin import plugin

IRIS = DataDescription("iris", "classification", 120, (4,), "float64", ("a", "b", "c"))
DIABETES = DataDescription("diabetes", "regression", 300, (10,), "float64")
FOLDER = resources.files("gridwright_sklearn") / "conf" / "model" / "sklearn"
PRESETS = sorted(file.name.removesuffix(".yaml") for file in FOLDER.iterdir())


def composed(*overrides):
    register()
    with initialize_config_module("gridwright.conf", version_base="1.3"):
        model = OmegaConf.to_container(compose("config", overrides=list(overrides)).model)
    assert model.pop("name") == "sklearn"
    return model


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_repeats_the_defaults_of_its_classes(preset):
    model = composed(f"model=sklearn/{preset}")
    for task in ("classification", "regression"):
        entry = catalogue.find(model["estimator"], task)
        known = building.defaults(entry)
        for name, value in model["params"].items():
            theirs = known[name]
            assert value == (list(theirs) if isinstance(theirs, tuple) else theirs), name


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_good_for_what_it_is_for(preset):
    model = composed(f"model=sklearn/{preset}")
    assert plugin.check(model, IRIS) == []
    problems = plugin.check(model, DIABETES)
    if preset == "logistic_regression":
        (problem,) = problems
        assert problem.parameter == "estimator"
        assert "LogisticRegression predicts classes: use LinearRegression" in problem.message
    else:
        assert problems == []


@pytest.mark.parametrize("preset", PRESETS)
def test_the_command_in_the_first_line_is_for_that_preset(preset):
    first = (FOLDER / f"{preset}.yaml").read_text("utf-8").splitlines()[0]
    words = shlex.split(first, comments=False)
    assert words[:3] == ["#", "gridwright", "-m"]
    assert any(word.startswith("model=") and f"sklearn/{preset}" in word for word in words)
    swept = [word.partition("=")[0] for word in words if word.startswith("model.params.")]
    model = composed(f"model=sklearn/{preset}")
    assert {name.removeprefix("model.params.") for name in swept} <= set(model["params"])


def test_any_argument_may_be_given_without_a_plus():
    model = composed("model=sklearn", "model.params.max_iter=7")
    assert model["params"] == {"max_iter": 7}
    model = composed("model=sklearn/random_forest", "model.params.criterion=entropy")
    assert model["params"]["criterion"] == "entropy"
    assert model["params"]["n_estimators"] == 100
