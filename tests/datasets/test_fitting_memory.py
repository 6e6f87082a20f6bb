import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gridwright.datasets import fitting_memory, load
from gridwright.datasets.fitting_memory import VARIABLE, memory_for_data
from gridwright.errors import DatasetError


@pytest.fixture(autouse=True)
def little_memory(monkeypatch):
    monkeypatch.setattr(fitting_memory, "free_memory", lambda: 2000)
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def pictures(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 10)).save(tmp_path / name / "1.png")
    return tmp_path


def sentence(path, kind, **options):
    with pytest.raises(DatasetError) as caught:
        load({"kind": kind, "path": str(path), **options})
    return str(caught.value).replace(str(path), "{path}")


def test_pictures(pictures):
    assert sentence(pictures, "images") == (
        "{path} takes 2.4 kB of memory to be read and divided, and 2 kB are free: set a smaller "
        "dataset.size, use a model that reads it in pieces (model=keras-cnn), or use a machine "
        "with more"
    )
    assert len(load({"kind": "images", "path": str(pictures), "size": [10, 10]}).x) == 2


def test_a_parquet_file(tmp_path):
    path = tmp_path / "my.parquet"
    pd.DataFrame({"x": range(100), "y": range(100)}).to_parquet(path)
    assert sentence(path, "table", target="y").startswith(
        "{path} takes 3.2 kB of memory to be read and divided, and 2 kB are free: take fewer rows "
        "or columns, "
    )


def test_arrays(tmp_path):
    path = tmp_path / "my.npz"
    np.savez_compressed(path, x=np.zeros((100, 5)), y=np.arange(100))
    assert sentence(path, "arrays").endswith(
        "are free: write fewer samples, or use a machine with more"
    )


def test_where_nobody_tells_what_is_free_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(fitting_memory, "free_memory", lambda: None)
    path = tmp_path / "my.npz"
    np.savez_compressed(path, x=np.zeros((100, 5)), y=np.arange(100) % 2)
    assert len(load({"kind": "arrays", "path": str(path)}).x) == 100


def test_the_variable_says_what_data_may_take(pictures, monkeypatch):
    monkeypatch.setenv(VARIABLE, "0.000001")
    assert "and 1 kB are allowed by GRIDWRIGHT_DATA_MEMORY=0.000001: " in sentence(
        pictures, "images"
    )
    monkeypatch.setenv(VARIABLE, "1.5")
    assert memory_for_data() == 1_500_000_000
    assert len(load({"kind": "images", "path": str(pictures)}).x) == 2


@pytest.mark.parametrize("text", ["much", "0", "-1", "nan", "inf"])
def test_the_variable_must_be_an_amount(text, monkeypatch):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(DatasetError, match=f"gigabytes above 0, such as 8, but is {text!r}"):
        memory_for_data()
