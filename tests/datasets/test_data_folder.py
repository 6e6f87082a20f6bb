from pathlib import Path

import pytest
from platformdirs import user_cache_path

from gridwright.datasets.data_folder import data_folder as folder_in_use
from gridwright.datasets.data_folder import find_file
from gridwright.errors import DatasetError


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


def test_a_file_is_found(data_folder):
    (data_folder / "a.npz").touch()
    assert find_file("mnist", "a.npz") == data_folder / "a.npz"


def test_an_absent_file_is_named_with_the_folder_and_the_remedy(data_folder):
    with pytest.raises(DatasetError) as caught:
        find_file("mnist", "mnist.npz")
    sentence = str(caught.value)
    for part in ("'mnist'", "mnist.npz", str(data_folder), "is not in", "GRIDWRIGHT_DATA"):
        assert part in sentence


def test_an_absent_folder_is_said_to_be_absent(monkeypatch, tmp_path):
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match=r"nowhere \(which does not exist\): put it there"):
        find_file("mnist", "mnist.npz")


def test_a_folder_in_the_place_of_the_file_is_not_the_file(data_folder):
    (data_folder / "mnist.npz").mkdir()
    with pytest.raises(DatasetError, match="needs the file"):
        find_file("mnist", "mnist.npz")
