from pathlib import Path

import pytest
from platformdirs import user_cache_path

from gridwright.datasets.data_folder import data_folder as folder_in_use


def test_the_variable_names_the_folder(data_folder):
    assert folder_in_use() == data_folder


def test_a_relative_folder_and_a_home_folder_are_made_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDWRIGHT_DATA", "here")
    assert folder_in_use() == tmp_path / "here"
    monkeypatch.setenv("GRIDWRIGHT_DATA", "~/there")
    assert folder_in_use() == Path.home() / "there"


@pytest.mark.parametrize("value", [None, ""])
def test_without_it_the_users_cache_is_the_folder(monkeypatch, value):
    monkeypatch.delenv("GRIDWRIGHT_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("GRIDWRIGHT_DATA", value)
    assert folder_in_use() == user_cache_path("gridwright", appauthor=False)
