"""Data that does not fit into memory, by a small limit: the same samples, in files that are mapped."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gridwright.datasets import load, split, stored_arrays
from gridwright.datasets.fitting_memory import VARIABLE
from gridwright.datasets.mapped_arrays import MappedArray
from gridwright.errors import DatasetError

PARTS = ("x_train", "x_validation", "x_test")


@pytest.fixture(autouse=True)
def pieces_of_a_few_rows(data_folder, monkeypatch):
    monkeypatch.setattr(stored_arrays, "PIECE", 2000)


@pytest.fixture
def little_memory(monkeypatch):
    """Let the variable be set from here on."""

    def limit(gigabytes=1e-9):
        monkeypatch.setenv(VARIABLE, f"{gigabytes:.10f}")

    return limit


@pytest.fixture
def pictures(tmp_path):
    chance = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(40):
            pixels = chance.integers(0, 256, (8, 6, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{i}.png")
    return {
        "kind": "images",
        "path": str(tmp_path / "pets"),
        "test_fraction": 0.25,
        "validation_fraction": 0.25,
    }


@pytest.fixture
def parquet(tmp_path):
    """A column of each kind, with gaps, and rows without a target."""
    chance = np.random.default_rng(0)
    n = 1200
    frame = pd.DataFrame(
        {
            "number": chance.normal(size=n),
            "whole": chance.integers(0, 9, n),
            "gappy": np.where(np.arange(n) % 7, chance.normal(size=n), np.nan),
            "truth": np.arange(n) % 3 == 0,
            "word": chance.choice(["red", "green", "NA"], n),
            "category": pd.Categorical(chance.choice(["a", "b"], n)),
            "day": pd.date_range("2020-01-01", periods=n),
            "constant": 1,
            "y": [["no", "yes", None][i % 3] for i in range(n)],
        }
    )
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path, row_group_size=500)
    return {
        "kind": "table",
        "path": str(path),
        "target": "y",
        "test_fraction": 0.25,
        "validation_fraction": 0.25,
    }


def both(config, little_memory, rank_by="validation"):
    """Return the data of a trial as it is in memory, and as it is read in pieces."""
    inside = split(load(config), config, rank_by)
    little_memory()
    return inside, split(load(config, in_pieces=True), config, rank_by)


@pytest.mark.parametrize("kind", ["pictures", "parquet"])
def test_the_samples_are_the_same_and_lie_in_files(kind, request, little_memory):
    inside, outside = both(request.getfixturevalue(kind), little_memory)
    assert (inside.streamed, outside.streamed) == (False, True)
    for name in PARTS:
        array = getattr(outside, name)
        assert isinstance(array, MappedArray)
        assert not array.flags.writeable
        np.testing.assert_array_equal(array, getattr(inside, name))
    assert outside.digest == inside.digest
    assert outside.description == inside.description
    np.testing.assert_array_equal(outside.y_train, inside.y_train)
    assert outside.notes[-1].startswith("the samples do not fit into memory: they are kept in ")
    if inside.preprocessing:
        assert outside.preprocessing.to_json() == inside.preprocessing.to_json()
        assert outside.raw_probes.rows_as_written() == inside.raw_probes.rows_as_written()


@pytest.mark.parametrize("options", [{"limit": 50}, {"time": "day"}, {"missing": "drop"}])
def test_parts_of_a_table_are_the_same(options, parquet, little_memory):
    inside, outside = both(parquet | options, little_memory)
    np.testing.assert_array_equal(outside.x_train, inside.x_train)
    np.testing.assert_array_equal(outside.x_test, inside.x_test)
    assert outside.digest == inside.digest


def test_the_digest_of_streamed_pictures_is_remembered(pictures, little_memory, monkeypatch):
    little_memory()
    digest = load(pictures, in_pieces=True).digest
    monkeypatch.setattr(
        "gridwright.datasets.dataset.digest_arrays", lambda *_: pytest.fail("it is known")
    )
    assert load(pictures, in_pieces=True).digest == digest


@pytest.mark.parametrize("kind", ["pictures", "parquet"])
def test_what_is_there_is_not_made_again(kind, request, little_memory, data_folder):
    config = request.getfixturevalue(kind)
    little_memory()
    split(load(config, in_pieces=True), config, "validation")
    files = {path: path.stat().st_ino for path in (data_folder / "streamed").iterdir()}
    split(load(config, in_pieces=True), config, "validation")
    assert {path: path.stat().st_ino for path in (data_folder / "streamed").iterdir()} == files


def test_a_picture_that_has_changed_is_read_again(pictures, little_memory, tmp_path):
    little_memory()
    before = load(pictures, in_pieces=True).digest
    Image.new("RGB", (6, 8), "red").save(tmp_path / "pets" / "cats" / "0.png")
    assert load(pictures, in_pieces=True).digest != before


def test_a_picture_that_is_broken_leaves_no_file(pictures, little_memory, tmp_path, data_folder):
    little_memory()
    path = tmp_path / "pets" / "dogs" / "39.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DatasetError, match=r"39\.png is broken"):
        load(pictures | {"size": [6, 8], "mode": "colour"}, in_pieces=True)
    assert all(file.suffix == ".lock" for file in (data_folder / "streamed").iterdir())


def test_a_model_that_needs_all_at_once_is_told_before_anything_is_written(
    parquet, little_memory, data_folder
):
    little_memory(1e-6)
    with pytest.raises(DatasetError) as caught:
        load(parquet)
    assert str(caught.value) == (
        f"{parquet['path']} takes 173 kB of memory to be read and divided, and 1 kB are allowed by "
        "GRIDWRIGHT_DATA_MEMORY=0.0000010000: take fewer rows or columns, use a model that reads "
        "it in pieces (model=keras-cnn), or use a machine with more"
    )
    assert list(data_folder.iterdir()) == []


def test_folds_are_refused(pictures, little_memory):
    little_memory()
    config = pictures | {"folds": 3}
    with pytest.raises(DatasetError, match=r"dataset\.folds=3 needs all samples in memory"):
        split(load(config, in_pieces=True), config, "validation")
