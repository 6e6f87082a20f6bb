"""Crafted trees, whose file is whole by every checksum, are refused before they are asked."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.neighbors import BallTree, KDTree, KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier

from gridwright.errors import ModelFileError
from gridwright_sklearn import soundness

X, Y = load_iris(return_X_y=True)


def altered(tree, field, value):
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"][field][0] = value
    tree.__setstate__(state)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left_child", 10**9),
        ("left_child", 0),  # its own child: an endless path
        ("right_child", -5),
        ("right_child", 99),
        ("feature", 4),
        ("feature", -3),
    ],
)
def test_a_tree(field, value):
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    soundness.check({"model": forest}, 4)
    altered(forest.estimators_[2].tree_, field, value)
    with pytest.raises(ModelFileError, match="leads to a node or column that is not there"):
        soundness.check({"model": forest}, 4)


def test_a_tree_of_fewer_columns_than_it_says():
    tree = DecisionTreeClassifier().fit(X, Y)
    with pytest.raises(ModelFileError):
        soundness.check(tree, 2)


@pytest.mark.parametrize("field", ["left", "right", "feature_idx"])
def test_a_boosted_tree(field):
    boosted = HistGradientBoostingClassifier(max_iter=2).fit(X, Y)
    soundness.check(boosted, 4)
    nodes = boosted._predictors[1][2].nodes
    nodes[field][0] = np.iinfo(nodes[field].dtype).max
    with pytest.raises(ModelFileError):
        soundness.check(boosted, 4)


def test_a_category_without_its_set():
    boosted = HistGradientBoostingClassifier(max_iter=2, categorical_features=[0])
    boosted.fit(np.column_stack([Y, X[:, 1:]]), Y)
    soundness.check(boosted, 4)
    nodes = boosted._predictors[0][0].nodes
    assert nodes["is_categorical"].any()
    nodes["bitset_idx"][:] = 10**6
    with pytest.raises(ModelFileError):
        soundness.check(boosted, 4)


@pytest.mark.parametrize("kind", [KDTree, BallTree])
def test_an_index_of_neighbours(kind):
    index = kind(X, leaf_size=5)
    soundness.check([index], 4)
    state = list(index.__getstate__())
    state[1] = state[1].copy()
    state[1][7] = 10**9
    index.__setstate__(tuple(state))
    with pytest.raises(ModelFileError):
        soundness.check([index], 4)


def test_the_neighbours_of_a_classifier_are_looked_at():
    neighbours = KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)
    held = [one for one, _ in soundness._walk(neighbours, 4, set())]
    assert any(isinstance(one, KDTree) for one in held)


def test_a_tree_that_sees_a_part_of_the_columns():
    bag = BaggingClassifier(n_estimators=2, max_features=2, random_state=0).fit(X, Y)
    soundness.check(bag, 4)
    altered(bag.estimators_[0].tree_, "feature", 3)
    with pytest.raises(ModelFileError):
        soundness.check(bag, 4)
