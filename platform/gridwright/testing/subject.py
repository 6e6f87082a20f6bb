"""What the subclass says about its plugin, and the fixtures that all the tests share."""

# ruff: noqa: S101 - asserts that pytest shows

from __future__ import annotations

import copy
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
import yaml

from gridwright.contract import Classifier
from gridwright.plugins import load_model_plugin, model_entry_points
from gridwright.testing.sample_data import KINDS, sample_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import Array, DataDescription, Estimator, ModelPlugin, Task
    from gridwright.datasets import TrialData

#: How far the predictions of a loaded model may lie from those of the stored one.
TOLERANCE = 1e-6


class PluginUnderTest:
    """The plugin that is tested, and estimators that it trained.

    Attributes:
        plugin_name: the plugin's name, as in `model=<name>`.
        parameters: parameters that train within a second, for at least 2 epochs.
        invalid_parameters: mappings that each hold at least one parameter with a bad value; what
            they leave out is taken from `parameters`.
        diverging_parameters: parameters, if there are any, with which training always diverges.
        tasks: what the plugin supports; for any other task `check` must report a problem.
        sample_shape: shape of one sample of the made-up data, such as `(8, 8)` for pictures.
        dtype: numpy's name of the type of the made-up samples, such as `uint8`.
        frameworks: packages that must stay unimported until an estimator is built.
    """

    plugin_name: ClassVar[str]
    parameters: ClassVar[Mapping[str, Any]]
    invalid_parameters: ClassVar[Sequence[Mapping[str, Any]]] = ()
    diverging_parameters: ClassVar[Mapping[str, Any] | None] = None
    tasks: ClassVar[Sequence[Task]] = ("classification", "regression")
    sample_shape: ClassVar[tuple[int, ...]] = (4,)
    dtype: ClassVar[str] = "float64"
    frameworks: ClassVar[Sequence[str]] = ("numpy", "sklearn")

    @classmethod
    def parameters_for(cls, data: DataDescription) -> dict[str, Any]:
        """Return `parameters`; override it where they depend on the data: an output layer may."""
        del data
        return copy.deepcopy(dict(cls.parameters))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each test that asks for `data` once for every kind of data that is supported."""
        if "data" in metafunc.fixturenames:
            kinds = [name for name, kind in KINDS.items() if kind.task in self.tasks]
            metafunc.parametrize("data", kinds, indirect=True, scope="class")

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, request: pytest.FixtureRequest) -> TrialData:
        """Return made-up data of the kind that the test runs on."""
        return sample_data(KINDS[request.param], cls.sample_shape, cls.dtype)

    @pytest.fixture(scope="class")
    @classmethod
    def plugin(cls) -> ModelPlugin:
        """Return the installed plugin."""
        return load_model_plugin(cls.plugin_name)

    @pytest.fixture(scope="class")
    @classmethod
    def trained(cls, plugin: ModelPlugin, data: TrialData) -> Estimator:
        """Return an estimator that was trained on `data`."""
        return cls.train(plugin, data)

    @pytest.fixture
    def stored(self, trained: Estimator, tmp_path: Path) -> Path:
        """Return the folder that holds the trained estimator."""
        folder = tmp_path / "stored"
        folder.mkdir()
        trained.save(folder)
        return folder

    @classmethod
    def train(cls, plugin: ModelPlugin, data: TrialData, on_epoch: Any = None) -> Estimator:
        """Return an estimator that was trained on `data` with the seed 1."""
        estimator = cls.build(plugin, data)
        estimator.fit(data.x_train, data.y_train, validation_of(data), on_epoch)
        return estimator

    @classmethod
    def build(cls, plugin: ModelPlugin, data: TrialData) -> Estimator:
        """Return an untrained estimator."""
        description = data.description
        return plugin.build(cls.parameters_for(description), description.task, description, 1)

    @classmethod
    def shipped_configuration(cls) -> dict[str, Any]:
        """Return the contents of the package's `conf/model/<name>.yaml`."""
        package = model_entry_points()[cls.plugin_name].module.partition(".")[0]
        folder = files(package) / "conf"
        assert (folder / "__init__.py").is_file(), f"Hydra finds {folder} by its __init__.py"
        text = (folder / "model" / f"{cls.plugin_name}.yaml").read_text("utf-8")
        config: dict[str, Any] = yaml.safe_load(text)
        config.pop("defaults", None)  # Hydra's list of further files, no parameter
        return config


def validation_of(data: TrialData) -> tuple[Array, Array]:
    """Return the validation part of made-up data, which always has one."""
    assert data.x_validation is not None
    assert data.y_validation is not None
    return data.x_validation, data.y_validation


def answers(estimator: Estimator, data: TrialData) -> Array:
    """Return the probabilities or values that an estimator predicts for the validation part."""
    x, _ = validation_of(data)
    if isinstance(estimator, Classifier) and data.description.task == "classification":
        return np.asarray(estimator.predict_proba(x))
    return np.asarray(estimator.predict(x))
