"""Data sets of installed packages: found, read, and told what they break."""

from types import SimpleNamespace

import numpy as np
import pytest

from gridwright import datasets, plugins
from gridwright.contract import DatasetArrays
from gridwright.datasets.catalogue import source_of
from gridwright.errors import DatasetError, PluginError

CONFIG = {"name": "wine", "barrels": 3, "validation_fraction": 0.25, "test_fraction": 0.2}
X = np.arange(40.0).reshape(20, 2)
Y = np.array(["red", "white"] * 10)


class Entry:
    """As much of importlib.metadata.EntryPoint as the lookup uses."""

    value = "cellar:wine"

    def __init__(self, name, loaded):
        self.name, self.loaded = name, loaded

    def load(self):
        return self.loaded


@pytest.fixture
def install(monkeypatch):
    def installed(read, **changes):
        members = {"name": "wine", "options": ("barrels",), "published_test_part": False}
        wine = SimpleNamespace(**{**members, "read": read, **changes})
        found = {plugins.DATASET_ENTRY_POINTS: [Entry("wine", wine)]}
        monkeypatch.setattr(plugins, "entry_points", lambda group: found.get(group, []))
        forget()

    def forget():
        plugins.dataset_entry_points.cache_clear()
        plugins.load_dataset_plugin.cache_clear()

    yield installed
    forget()


def test_it_is_a_data_set_like_any_other(install):
    asked = []

    def read(options):
        asked.append(options)
        return DatasetArrays("classification", X, Y, feature_names=("acid", "sugar"))

    install(read)
    assert "wine" in datasets.available()
    dataset = datasets.load(CONFIG)
    assert asked == [{"barrels": 3}]
    assert (dataset.name, dataset.task) == ("wine", "classification")
    assert dataset.classes == ("red", "white")
    assert dataset.feature_names == ("acid", "sugar")
    assert dataset.source == "the data-set plugin wine"
    data = datasets.split(dataset, CONFIG, "validation")
    assert data.description.n_train == 12


def test_our_own_names_cannot_be_taken(install, monkeypatch):
    install(lambda options: None)
    taken = {"iris": Entry("iris", None)}
    monkeypatch.setattr("gridwright.datasets.catalogue.dataset_entry_points", lambda: taken)
    assert source_of("iris").module == "bundled"


def test_a_published_test_part_is_kept(install):
    def read(options):
        return DatasetArrays("classification", X, Y, X[:4], Y[:4])

    install(read, published_test_part=True)
    config = {"name": "wine", "barrels": None, "validation_fraction": 0.25}
    assert len(datasets.load(config).x_test) == 4
    with pytest.raises(DatasetError, match="test_fraction does not apply to wine"):
        datasets.load(CONFIG)


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda options: (X, Y), "must return gridwright.contract.DatasetArrays .*, not tuple"),
        (
            lambda options: DatasetArrays("classification", X.tolist(), Y),
            "with numpy arrays x and y",
        ),
        (
            lambda options: DatasetArrays("classification", X, Y, X, Y),
            "a test part exactly if its published_test_part, which is False",
        ),
    ],
)
def test_a_plugin_that_breaks_the_contract_is_named(install, read, sentence):
    install(read)
    with pytest.raises(PluginError, match=f"data-set plugin 'wine' {sentence}|{sentence}"):
        datasets.load(CONFIG)


def test_a_file_that_is_not_there_is_told(install):
    def read(options):
        raise FileNotFoundError(2, "No such file or directory", "/cellar/wine.csv")

    install(read)
    with pytest.raises(DatasetError, match=r"data set 'wine' cannot be read: .*/cellar/wine\.csv"):
        datasets.load(CONFIG)


def test_an_option_that_it_does_not_know_is_refused(install):
    install(lambda options: None)
    with pytest.raises(DatasetError, match="did you mean 'barrels'"):
        datasets.load({"name": "wine", "barels": 1})


def test_a_plugin_without_a_member_is_told_which(install, monkeypatch):
    monkeypatch.setattr(
        plugins, "entry_points", lambda group: [Entry("bare", SimpleNamespace(name="bare"))]
    )
    plugins.dataset_entry_points.cache_clear()
    with pytest.raises(PluginError, match="lacks options, published_test_part, read"):
        plugins.load_dataset_plugin("bare")
