"""Stored models: guarded by a checksum, built from our own list of types, and no others."""

import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from gridwright.contract import DataDescription
from gridwright.errors import ModelFileError
from gridwright_sklearn import catalogue, model_files
from gridwright_sklearn.plugin import plugin

X, CODES = load_iris(return_X_y=True)
IRIS = DataDescription("iris", "classification", 150, (4,), "float64", (0, 1, 2))


class OwnTree(DecisionTreeClassifier):
    """What a user's package might add."""


@pytest.fixture
def stored(tmp_path):
    model = plugin.build({"estimator": "DecisionTree"}, "classification", IRIS, 0)
    model.fit(X, CODES)
    model.save(tmp_path)
    return tmp_path


def rewritten(folder, objects=None, **changes):
    """Give a stored model other contents, with a checksum that is right for them."""
    document, content = model_files.FORMAT.open(folder)
    model_files.FORMAT.seal(folder, document | changes, objects or content)


def test_labels_keep_their_type(stored):
    loaded = plugin.load(stored)
    assert loaded.classes.tolist() == [0, 1, 2]
    assert loaded.predict(X).dtype == np.int64


def test_a_type_that_is_not_on_our_list_is_refused_before_it_is_built(stored):
    rewritten(stored, skops.io.dumps({"model": OwnTree().fit(X, CODES)}))
    with pytest.raises(ModelFileError, match=r"OwnTree, which is not on this plugin's list"):
        plugin.load(stored)


def test_an_estimator_that_is_not_on_the_list_is_refused(stored):
    rewritten(stored, estimator="os.system")
    with pytest.raises(ModelFileError, match=r"os\.system, which is not on the list"):
        plugin.load(stored)


def test_another_release_of_scikit_learn_is_refused(stored):
    rewritten(stored, **{"scikit-learn": "1.2.3"})
    with pytest.raises(ModelFileError, match=r"install scikit-learn==1\.2\.3"):
        plugin.load(stored)


def test_altered_contents_are_refused(stored):
    with (stored / "model.skops").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelFileError, match="altered or cut short"):
        plugin.load(stored)


def test_an_installed_package_adds_an_estimator_and_its_type(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "own_forests", sys.modules[__name__])
    monkeypatch.setattr(OwnTree, "__module__", "own_forests")
    added = EntryPoint("OwnTree", "own_forests:OwnTree", catalogue.ESTIMATOR_ENTRY_POINTS)
    parameters = {"estimator": "OwnTree", "params": {"max_depth": 2}}
    with monkeypatch.context() as installed:
        installed.setattr(catalogue, "entry_points", lambda group: [added])
        catalogue.entries.cache_clear()
        assert plugin.check(parameters, IRIS) == []
        model = plugin.build(parameters, "classification", IRIS, 0)
        model.fit(X, CODES)
        model.save(tmp_path)
        loaded = plugin.load(tmp_path)
        assert type(loaded.model) is OwnTree
        np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    catalogue.entries.cache_clear()
    with pytest.raises(ModelFileError, match="OwnTree"):
        plugin.load(tmp_path)
