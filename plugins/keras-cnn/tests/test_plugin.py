"""The installed plugin keeps the contract, on pictures and on tables."""

import inspect
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from gridwright.testing import ModelPluginConformance
from keras_cnn import CNN
from keras_cnn.parameters import NAMES
from keras_cnn.plugin import plugin

FRAMEWORKS = ("numpy", "sklearn", "keras", "tensorflow")
CONFIGURATION = yaml.safe_load(
    (files("keras_cnn") / "conf" / "model" / "keras-cnn.yaml").read_text("utf-8")
)


@pytest.mark.slow
class TestOnPictures(ModelPluginConformance):
    plugin_name = "keras-cnn"
    parameters = {
        "architecture": [
            {"layer": "Conv2D", "filters": 2, "kernel_size": 3, "activation": "relu"},
            {"layer": "MaxPooling2D", "pool_size": 2},
            {"layer": "Flatten"},
        ],
        "epochs": 2,
        "batch_size": 16,
        "optimizer": "adam",
        "learning_rate": 0.01,
        "loss": None,
        "metrics": [],
    }
    invalid_parameters = (
        {"epochs": 0},
        {"batch_size": -1},
        {"optimizer": "none"},
        {"learning_rate": "fast"},
        {"loss": "small"},
        {"metrics": "accuracy"},
        {"architecture": []},
    )
    diverging_parameters = {"optimizer": "sgd", "learning_rate": 1e35, "epochs": 20}
    sample_shape = (8, 8)
    dtype = "uint8"
    frameworks = FRAMEWORKS


def test_the_configuration_and_the_signature_have_the_same_defaults():
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(CNN).parameters.items()
        if name in NAMES and parameter.default is not parameter.empty
    }
    shipped = {name: CONFIGURATION[name] for name in defaults}
    assert shipped == defaults | {"metrics": list(defaults["metrics"])}
    assert set(CONFIGURATION) == {"defaults", "name", *NAMES}


def test_the_version_is_that_of_the_package():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    assert plugin.version == project["project"]["version"]
    assert f"gridwright-keras-cnn=={plugin.version}" in plugin.requirements
