"""The files of conf/dataset: one for each named set, each of them complete and true."""

from pathlib import Path

import pytest
import yaml

from gridwright.datasets import available
from gridwright.datasets.catalogue import named_set
from gridwright.datasets.settings import DatasetSettings

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "dataset"


def test_every_set_has_a_file_and_every_file_a_set():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == available()


@pytest.mark.parametrize("name", available())
def test_a_file_opens_with_the_command_that_uses_it(name):
    first = (FOLDER / f"{name}.yaml").read_text().splitlines()[0]
    assert first.startswith(f"# gridwright dataset={name} model=")


@pytest.mark.parametrize("name", available())
def test_a_file_holds_every_setting_that_applies_to_its_set(name):
    config = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    settings = DatasetSettings.of(config)
    assert settings.name == name
    expected = ["name", "limit", "test_fraction", "validation_fraction", "split_seed"]
    if named_set(name).published_test_part:
        expected.remove("test_fraction")
    assert list(config) == expected
    assert config["split_seed"] == DatasetSettings("any").split_seed
