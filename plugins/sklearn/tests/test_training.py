"""Steps and curves: the same models as scikit-learn's own `fit`, looked at while they are made."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

from gridwright.contract import DataDescription
from gridwright.errors import ConfigurationError, TrainingDiverged
from gridwright_sklearn.plugin import plugin

X, CODES = load_iris(return_X_y=True)
Y = np.array(["a", "b", "c"])[CODES]
IRIS = DataDescription("iris", "classification", 150, (4,), "float64", ("a", "b", "c"))
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
DIABETES = DataDescription("diabetes", "regression", 442, (10,), "float64")


def built(data=IRIS, seed=0, **parameters):
    assert plugin.check(parameters, data) == []
    return plugin.build(parameters, data.task, data, seed)


@pytest.mark.parametrize(
    "params",
    [
        {"max_iter": 15},
        {"max_iter": 500, "tol": 0.01, "learning_rate_init": 0.02},
        {"max_iter": 15, "solver": "sgd", "learning_rate": "invscaling"},
    ],
    ids=str,
)
def test_a_network_taken_epoch_by_epoch_is_the_one_that_fit_makes(params):
    params = {"hidden_layer_sizes": [8], **params}
    theirs = MLPClassifier(**params, random_state=3)
    scaled = StandardScaler().fit_transform(X)
    with warnings.catch_warnings(action="ignore"):
        theirs.fit(scaled, Y)
    records = []
    ours = built(seed=3, estimator="MLP", params=params)
    ours.fit(X, Y, on_epoch=records.append)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(scaled), rtol=1e-9)
    assert len(records) == theirs.n_iter_
    assert records[-1].loss == pytest.approx(log_loss(Y, theirs.predict_proba(scaled)))


@pytest.mark.parametrize("params", [{"solver": "lbfgs"}, {"early_stopping": True}], ids=str)
def test_a_network_that_cannot_be_taken_by_epochs_reports_once(params):
    records = []
    model = built(DIABETES, estimator="MLP", params={"max_iter": 20, **params}, scale_target=False)
    model.fit(PATIENTS, PROGRESS, on_epoch=records.append)
    theirs = MLPRegressor(max_iter=20, **params, random_state=0)
    scaled = StandardScaler().fit_transform(PATIENTS)
    with warnings.catch_warnings(action="ignore"):
        theirs.fit(scaled, PROGRESS)
    np.testing.assert_allclose(model.predict(PATIENTS), theirs.predict(scaled))
    assert len(records) == 1


def test_boosted_trees_report_what_every_tree_adds():
    records = []
    model = built(estimator="GradientBoosting", params={"n_estimators": 7})
    model.fit(X[::2], Y[::2], (X[1::2], Y[1::2]), records.append)
    theirs = GradientBoostingClassifier(n_estimators=7, random_state=0).fit(X[::2], Y[::2])
    np.testing.assert_array_equal(model.predict_proba(X), theirs.predict_proba(X))
    staged = [log_loss(Y[1::2], stage) for stage in theirs.staged_predict_proba(X[1::2])]
    np.testing.assert_allclose([record.val_loss for record in records], staged)
    assert records[-1].loss < records[0].loss


def test_stopped_boosting_leaves_the_trees_up_to_there():
    model = built(DIABETES, estimator="HistGradientBoosting", params={"max_iter": 9})
    model.fit(PATIENTS, PROGRESS, on_epoch=lambda record: record.epoch == 4)
    short = HistGradientBoostingRegressor(max_iter=4, random_state=0).fit(PATIENTS, PROGRESS)
    np.testing.assert_array_equal(model.predict(PATIENTS), short.predict(PATIENTS))


def test_boosting_of_several_targets_is_told_stage_by_stage():
    both = np.column_stack([PROGRESS, -PROGRESS])
    data = DataDescription("two", "regression", 442, (10,), "float64", n_outputs=2)
    records = []
    model = built(data, estimator="GradientBoosting", params={"n_estimators": 5})
    model.fit(PATIENTS, both, on_epoch=records.append)
    assert [record.epoch for record in records] == [1, 2, 3, 4, 5]
    assert model.score(PATIENTS, both) == pytest.approx(records[-1].score)


def test_gradient_descent_ends_when_it_stands_still():
    records = []
    params = {"loss": "log_loss", "n_iter_no_change": 3, "tol": 0.01}
    built(estimator="SGD", params=params).fit(X, Y, on_epoch=records.append)
    assert 3 < len(records) < 1000
    never = []
    params |= {"tol": None, "max_iter": 40}
    built(estimator="SGD", params=params).fit(X, Y, on_epoch=never.append)
    assert len(never) == 40


def test_numbers_out_of_range_are_a_divergence():
    params = {"learning_rate": "constant", "eta0": 1e300}
    with pytest.raises(TrainingDiverged) as caught:
        built(DIABETES, estimator="SGDRegressor", params=params).fit(PATIENTS, PROGRESS)
    assert caught.value.epoch >= 1


def test_arguments_that_do_not_go_together_are_told_in_scikit_learns_words():
    model = built(estimator="LinearSVC", params={"penalty": "l1", "loss": "hinge"})
    with pytest.raises(ConfigurationError, match=r"cannot be trained: .*penalty='l1'"):
        model.fit(X, Y)


def test_warnings_go_into_the_log_once_each(capsys):
    built(estimator="LogisticRegression", params={"max_iter": 1}).fit(X, Y)
    out = capsys.readouterr().out
    assert out.count("scikit-learn: ") == 1
    assert "failed to converge" in out
