import io
import json

import numpy as np
import pytest
from PIL import Image

from gridwright.datasets import load, split
from gridwright.datasets.dataset import Dataset
from gridwright.datasets.settings import DatasetSettings
from gridwright.datasets.splits import divide
from gridwright.tracking.preview import preview_files, preview_of

PARTS = {"test_fraction": 0.2, "validation_fraction": 0.2}


def test_a_table_shows_its_own_columns_and_the_target(tmp_path):
    path = tmp_path / "cars.csv"
    rows = [f"{i},{('red', '')[i % 2]},{('yes', 'no')[i % 3 == 0]}" for i in range(60)]
    path.write_text("\n".join(["größe,colour,sold", *rows]), encoding="utf-8")
    config = {"kind": "table", "path": str(path), "target": "sold", **PARTS}
    files = preview_files(split(load(config), config, "validation"))
    header, *shown = files["preview/cars.csv"].decode().splitlines()
    assert header == "größe,colour,sold"
    assert len(shown) == 10
    assert {*shown} <= {*rows}
    told = json.loads(files["preview/cars.json"])
    assert told["source"] == str(path)
    assert sum(told["classes"].values()) == told["num_train"] == 38
    sentence = preview_of(split(load(config), config, "validation")).sentence
    assert sentence.startswith("Samples: 38 train, 10 validation, 12 test. Classes of the training")
    assert f"no: {told['classes']['no']}, yes: {told['classes']['yes']}. Source: {path}" in sentence


@pytest.mark.parametrize("shape", [(9, 8), (9, 8, 1), (9, 8, 3)])
def test_pictures_stand_in_a_row_a_class(shape):
    x = np.arange(40, dtype=np.uint8).repeat(np.prod(shape)).reshape(40, *shape)
    dataset = Dataset.of_arrays("pets", "classification", (x, np.arange(40) % 2))
    data = split_of(dataset)
    sheet = np.asarray(Image.open(io.BytesIO(preview_files(data)["preview/pets.png"])))
    assert sheet.shape[:2] == (2 * 11 * 5, 8 * 10 * 5)
    first = data.x_train[np.flatnonzero(data.y_train == 0)[0]]
    assert (sheet[5, 5] == first[0, 0]).all()


def split_of(dataset):
    return divide(dataset, DatasetSettings("arrays", **PARTS), "validation")


def test_other_arrays_show_sizes_only():
    dataset = Dataset.of_arrays("waves", "regression", (np.zeros((20, 3, 4)), np.arange(20.0)))
    assert list(preview_files(split_of(dataset))) == ["preview/waves.json"]


def test_rows_of_a_named_set():
    config = {"name": "diabetes", **PARTS}
    files = preview_files(split(load(config), config, "validation"))
    header, *rows = files["preview/diabetes.csv"].decode().splitlines()
    assert header.startswith("age,sex,bmi")
    assert header.endswith(",progression")
    assert len(rows) == 10
