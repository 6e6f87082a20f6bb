"""OpenML, through scikit-learn's fetcher, from a server on loopback with OpenML's own formats."""

import hashlib
import io
import json
import urllib.error
from urllib.parse import urlsplit

import pytest
import sklearn.datasets._openml as fetcher

from gridwright.datasets import load, split
from gridwright.errors import DatasetError

ARFF = (
    b"@RELATION pets\n\n@ATTRIBUTE age NUMERIC\n@ATTRIBUTE colour {red,'dark blue'}\n"
    b"@ATTRIBUTE class {cat,dog}\n\n@DATA\n"
) + b"".join(
    f"{'?' if i % 7 == 2 else i},{('red', chr(39) + 'dark blue' + chr(39))[i % 2]},{('cat', 'dog')[i % 3 == 0]}\n".encode()
    for i in range(40)
)  # fmt: skip
DESCRIPTION = {
    "id": "31", "name": "pets", "version": "1", "format": "ARFF", "description": "Made up.", "status": "active",
    "file_id": "31", "url": "https://www.openml.org/data/v1/download/31/pets.arff",
    "default_target_attribute": "class", "md5_checksum": hashlib.md5(ARFF).hexdigest(),
}  # fmt: skip
FEATURES = [
    {"index": str(place), "name": name, "data_type": kind, "is_target": str(name == "class").lower(),
     "is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": str(6 * (name == "age"))}
    for place, (name, kind) in enumerate([("age", "numeric"), ("colour", "nominal"), ("class", "nominal")])
]  # fmt: skip
ANSWERS = {
    "/api/v1/json/data/list/data_name/pets/limit/2/status/active/": {
        "data": {"dataset": [{"did": 31, "name": "pets", "version": 1, "status": "active"}]}
    },
    "/api/v1/json/data/31": {"data_set_description": DESCRIPTION},
    "/api/v1/json/data/features/31": {"data_features": {"feature": FEATURES}},
    "/api/v1/json/data/qualities/31": {
        "data_qualities": {"quality": [{"name": "NumberOfInstances", "value": "40"}]}
    },
}


@pytest.fixture
def asked(monkeypatch, data_folder):
    """Take the place of the network below scikit-learn's fetcher; return what was asked for."""
    paths = []

    def urlopen(request, **_kwargs):
        url = request if isinstance(request, str) else request.full_url
        path = urlsplit(url).path
        paths.append(path)
        if path in ANSWERS:
            return _Answer(json.dumps(ANSWERS[path]).encode())
        if path.endswith(".arff"):
            return _Answer(ARFF)
        raise urllib.error.HTTPError(url, 412, "Precondition Failed", {}, io.BytesIO(b"{}"))

    monkeypatch.setattr(fetcher, "urlopen", urlopen)
    return paths


class _Answer(io.BytesIO):
    def info(self):
        return {}


CONFIG = {"kind": "openml", "test_fraction": 0.2, "validation_fraction": 0.2}


def test_a_table_by_name_and_by_number(asked):
    named = load(CONFIG | {"name": "pets"})
    numbered = load(CONFIG | {"id": 31})
    assert named.digest == numbered.digest
    assert (named.name, named.classes, named.target_names) == ("pets", ("cat", "dog"), ("class",))
    assert named.source == "https://www.openml.org/d/31"
    kinds = {column.name: (column.kind, column.optional) for column in named.x.columns}
    assert kinds == {"age": ("number", True), "colour": ("category", False)}
    assert split(named, CONFIG | {"name": "pets"}, "validation").description.n_train == 25


def test_what_was_fetched_is_found_without_a_network(asked, data_folder):
    load(CONFIG | {"name": "pets"})
    assert (data_folder / "openml").is_dir()
    asked.clear()
    load(CONFIG | {"name": "pets"})
    assert asked == []


def test_another_target_and_columns_left_out(asked):
    dataset = load(CONFIG | {"id": 31, "name": "colours", "target": "colour", "drop": ["age"]})
    assert (dataset.name, dataset.classes) == ("colours", ("dark blue", "red"))
    assert dataset.feature_names == ("class",)


def test_a_wrong_checksum(asked, monkeypatch):
    monkeypatch.setitem(DESCRIPTION, "md5_checksum", "0" * 32)
    with pytest.raises(
        DatasetError, match=r"dataset\.id=31 \(The md5 checksum of .* does not match"
    ):
        load(CONFIG | {"id": 31})


def test_a_name_that_nobody_has(asked):
    with pytest.raises(
        DatasetError, match=r"^OpenML does not give the data set of dataset\.name=pest "
    ):
        load(CONFIG | {"name": "pest"})


def test_no_network(monkeypatch, data_folder):
    def urlopen(*_args, **_kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(fetcher, "urlopen", urlopen)
    monkeypatch.setattr(fetcher.time, "sleep", lambda _: None)
    with pytest.raises(DatasetError) as caught:
        load(CONFIG | {"id": 31})
    assert str(caught.value) == (
        "OpenML does not give the data set of dataset.id=31 (<urlopen error no network>): check the "
        "name and the network, or copy the folder openml from a data folder that has it "
        "(GRIDWRIGHT_DATA)"
    )


def test_neither_a_name_nor_a_number(data_folder):
    with pytest.raises(
        DatasetError, match=r"^dataset=openml needs the data set's name or number: set"
    ):
        load(CONFIG)
    with pytest.raises(
        DatasetError, match=r"^dataset\.id must be OpenML's number of a data set, not 'x'"
    ):
        load(CONFIG | {"id": "x"})
