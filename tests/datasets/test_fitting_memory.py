import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gridwright.datasets import fitting_memory, load
from gridwright.errors import DatasetError


@pytest.fixture(autouse=True)
def little_memory(monkeypatch):
    monkeypatch.setattr(fitting_memory, "free_memory", lambda: 1000)


def sentence(path, kind, **options):
    with pytest.raises(DatasetError) as caught:
        load({"kind": kind, "path": str(path), **options})
    return str(caught.value).replace(str(path), "{path}")


def test_pictures(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (20, 10)).save(tmp_path / name / "1.png")
    assert sentence(tmp_path, "images") == (
        "{path} takes 1.2 kB of memory once it is read, and 1 kB are free: set a smaller "
        "dataset.size, or use a machine with more"
    )
    assert len(load({"kind": "images", "path": str(tmp_path), "size": [10, 10]}).x) == 2


def test_a_parquet_file(tmp_path):
    path = tmp_path / "my.parquet"
    pd.DataFrame({"x": range(100), "y": range(100)}).to_parquet(path)
    assert sentence(path, "table", target="y") == (
        "{path} takes 1.6 kB of memory once it is read, and 1 kB are free: take fewer rows or "
        "columns, or use a machine with more"
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
