"""The files of conf/dataset: one for each named set, each of them complete and true."""

from pathlib import Path

import pytest
import yaml

from gridwright.datasets import available
from gridwright.datasets.catalogue import source_of
from gridwright.datasets.settings import DatasetSettings

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "dataset"


def test_every_set_has_a_file_and_every_file_a_set():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == available()


@pytest.mark.parametrize("name", available())
def test_a_file_opens_with_the_command_that_uses_it(name):
    first = (FOLDER / f"{name}.yaml").read_text().splitlines()[0]
    assert first.startswith(f"# gridwright dataset={name} ")
    assert " model=" in first


@pytest.mark.parametrize("name", available())
def test_a_file_holds_every_setting_that_applies_to_its_set(name):
    config = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    settings = DatasetSettings.of(config)
    assert settings.source == name
    source = source_of(name)
    own = ["kind", "name", *source.options] if source.options else ["name"]
    common = ["limit", "fraction", "test_fraction", "validation_fraction", "folds", "split_seed"]
    if source.published_test_part:
        common.remove("test_fraction")
    assert list(config) == [*own, *common]
    assert config["split_seed"] == DatasetSettings("any").split_seed
