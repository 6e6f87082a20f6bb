"""Each class on the list trains, tells probabilities, is stored and comes back the same."""

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.utils import all_estimators

from gridwright.contract import EpochRecord
from gridwright.testing.sample_data import KINDS, sample_data
from gridwright_sklearn import catalogue
from gridwright_sklearn.plugin import plugin

# What a class needs on 60 samples of 4 columns, to be trained at all or within a moment.
FEW = {"n_estimators": 10}
ARGUMENTS = {
    **dict.fromkeys(["AdaBoostClassifier", "AdaBoostRegressor"], FEW),
    **dict.fromkeys(["ExtraTreesClassifier", "ExtraTreesRegressor"], FEW),
    **dict.fromkeys(["GradientBoostingClassifier", "GradientBoostingRegressor"], FEW),
    "HistGradientBoostingClassifier": {"max_iter": 5, "min_samples_leaf": 5},
    "HistGradientBoostingRegressor": {"max_iter": 5, "min_samples_leaf": 5},
    "IsotonicRegression": {"increasing": "auto"},
    "MLPClassifier": {"hidden_layer_sizes": [10], "max_iter": 20},
    "MLPRegressor": {"hidden_layer_sizes": [10], "max_iter": 20, "learning_rate_init": 0.1},
    "QuantileRegressor": {"alpha": 0},
    "RadiusNeighborsClassifier": {"radius": 3},
    **dict.fromkeys(["RandomForestClassifier", "RandomForestRegressor"], FEW),
    "SGDClassifier": {"loss": "modified_huber"},
    "TheilSenRegressor": {"max_subpopulation": 100},
}
# Counts and amounts: these estimators refuse negative numbers, as inputs or as targets.
COUNTS = {"CategoricalNB", "ComplementNB", "MultinomialNB"}
AMOUNTS = {"GammaRegressor", "PoissonRegressor"}


def made_up(name):
    entry = catalogue.entries()[name]
    kind = "string labels" if is_classifier(entry.load()()) else "one output"
    if name.startswith("MultiTask"):
        kind = "two outputs"
    shape = (1,) if name == "IsotonicRegression" else (4,)
    data = sample_data(KINDS[kind], shape, "uint8" if name in COUNTS else "float64")
    y = np.exp(data.y_train / 5) if name in AMOUNTS else data.y_train
    return entry, data, y


@pytest.mark.parametrize("name", catalogue.entries())
def test_it_trains_and_comes_back(name, tmp_path):
    entry, data, y = made_up(name)
    parameters = {"estimator": entry.path, "params": ARGUMENTS.get(name, {})}
    assert plugin.check(parameters, data.description) == []
    model = plugin.build(parameters, data.description.task, data.description, seed=1)
    records = []
    model.fit(data.x_train, y, on_epoch=records.append)
    assert all(isinstance(record, EpochRecord) for record in records)
    model.save(tmp_path)
    loaded = plugin.load(tmp_path)
    x = data.x_train
    if data.description.task == "classification":
        np.testing.assert_array_equal(loaded.predict_proba(x), model.predict_proba(x))
    else:
        np.testing.assert_allclose(loaded.predict(x), model.predict(x))
    assert loaded.score(x, y) == pytest.approx(records[-1].score)
    assert records[-1].score > (-0.1 if name.startswith("Dummy") else 0.2)


def test_the_list_is_complete():
    """Every classifier and regressor of scikit-learn is on the list, or excluded for a reason."""
    theirs = {name for kind in ("classifier", "regressor") for name, _ in all_estimators(kind)}
    ours = set(catalogue.entries())
    assert theirs == ours | set(catalogue.EXCLUDED)
    assert not ours & set(catalogue.EXCLUDED)


def test_every_class_is_where_the_list_says():
    for entry in catalogue.entries().values():
        assert entry.load().__name__ == entry.name
        assert entry.module.startswith("sklearn.")
