"""The conformance suite of data sets: subclass it in the data set's own tests.

from gridwright.testing import DatasetConformance

class TestMyData(DatasetConformance):
dataset_name = "my-data"
invalid_options = [{"noise": -1}]
"""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from gridwright import datasets
from gridwright.contract import DatasetPlugin
from gridwright.errors import DatasetError
from gridwright.plugins import load_dataset_plugin
from gridwright.testing.imports import imported_by

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.datasets import Dataset


class DatasetConformance:
    """What every data-set plugin promises, as tests, on the data that its defaults give.

    Attributes:
        dataset_name: the name of the entry point, as in `dataset=<name>`.
        options: options to test with, where the defaults give too much data or need a file.
        invalid_options: mappings that each hold at least one option with a bad value.
        frameworks: packages that must stay unimported until the data is read.
    """

    dataset_name: ClassVar[str]
    options: ClassVar[Mapping[str, Any]] = {}
    invalid_options: ClassVar[Sequence[Mapping[str, Any]]] = ()
    frameworks: ClassVar[Sequence[str]] = ("numpy", "pandas", "sklearn")

    @pytest.fixture(scope="class")
    @classmethod
    def config(cls) -> dict[str, Any]:
        """Return the composed `dataset` node, with the options to test with."""
        return cls.composed()

    @pytest.fixture(scope="class")
    @classmethod
    def dataset(cls, config: dict[str, Any]) -> Dataset:
        """Return the whole data set."""
        return datasets.load(config)

    @classmethod
    def composed(cls) -> dict[str, Any]:
        """Compose the data set's configuration as the command does."""
        from hydra import compose, initialize_config_module
        from omegaconf import OmegaConf

        from gridwright.schema import register

        register()
        with initialize_config_module("gridwright.conf", version_base="1.3"):
            node = compose("config", overrides=[f"dataset={cls.dataset_name}"]).dataset
        composed: dict[str, Any] = OmegaConf.to_container(node, resolve=True)  # type: ignore[assignment]
        return {**composed, **cls.options}

    def test_the_entry_point_gives_a_whole_plugin(self) -> None:
        plugin = load_dataset_plugin(self.dataset_name)
        assert isinstance(plugin, DatasetPlugin)
        assert self.dataset_name in datasets.available()

    def test_loading_it_imports_no_framework(self) -> None:
        imported = imported_by(f"load_dataset_plugin({self.dataset_name!r})", self.frameworks)
        assert not imported, "import these inside functions, or in another module"

    def test_its_configuration_names_it_and_every_option(self, config: dict[str, Any]) -> None:
        assert config["name"] == self.dataset_name
        missing = set(load_dataset_plugin(self.dataset_name).options) - set(config)
        assert not missing, "every option stands in conf/dataset/<name>.yaml with its default"

    def test_reading_twice_gives_the_same_data(
        self, config: dict[str, Any], dataset: Dataset
    ) -> None:
        assert datasets.load(config).digest == dataset.digest

    def test_its_samples_are_finite_numbers(self, dataset: Dataset) -> None:
        x, _ = dataset.arrays
        assert x.dtype.kind in "biuf"
        assert len(x) == len(dataset.y) > 0

    def test_it_can_be_divided_for_a_trial(self, config: dict[str, Any], dataset: Dataset) -> None:
        data = datasets.split(dataset, config, "validation")
        assert data.x_validation is not None
        assert data.description.name == self.dataset_name
        assert data.description.n_train == len(data.x_train)
        if dataset.task == "classification":
            assert set(data.description.classes) == set(np.asarray(dataset.y).tolist())

    def test_each_bad_option_is_answered_with_its_name(self, config: dict[str, Any]) -> None:
        for invalid in self.invalid_options:
            with pytest.raises(DatasetError) as caught:
                datasets.load({**config, **invalid})
            assert any(f"dataset.{key}" in str(caught.value) for key in invalid), invalid

    def test_an_unknown_option_is_refused(self, config: dict[str, Any]) -> None:
        with pytest.raises(DatasetError, match="unknown setting in dataset 'no_such_option'"):
            datasets.load({**config, "no_such_option": 1})
