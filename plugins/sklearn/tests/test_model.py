import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.svm import SVR
from threadpoolctl import threadpool_limits

from gridwright.contract import DataDescription
from gridwright_sklearn import building
from gridwright_sklearn.plugin import plugin

X, CODES = load_iris(return_X_y=True)
Y = np.array(["a", "b", "c"])[CODES]
IRIS = DataDescription("iris", "classification", 150, (4,), "float64", ("a", "b", "c"))
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
DIABETES = DataDescription("diabetes", "regression", 442, (10,), "float64")


def built(data=IRIS, seed=0, **parameters):
    assert plugin.check(parameters, data) == []
    return plugin.build(parameters, data.task, data, seed)


def test_scaling_is_part_of_the_model():
    auto, raw = (built(estimator="KNeighbors", scale=scale) for scale in ("auto", False))
    stretched = X * [1, 1000, 1, 1]
    for model in (auto, raw):
        model.fit(stretched, Y)
    assert auto.score(stretched, Y) > raw.score(stretched, Y) + 0.05
    assert built(estimator="RandomForest").column_scaler is None
    assert built(estimator="RandomForest", scale=True).column_scaler is not None


def test_a_scaled_target_is_predicted_in_its_own_unit():
    auto, raw = (built(DIABETES, estimator="SVM", scale_target=scale) for scale in ("auto", False))
    for model in (auto, raw):
        model.fit(PATIENTS, PROGRESS)
    assert 50 < auto.predict(PATIENTS).mean() < 250
    assert auto.score(PATIENTS, PROGRESS) > raw.score(PATIENTS, PROGRESS) + 0.2
    assert isinstance(auto.model, SVR)


def test_a_class_that_the_training_part_lacks_gets_no_probability():
    model = built(estimator="GaussianNB")
    kept = Y != "b"
    model.fit(X[kept], Y[kept])
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (150, 3)
    assert (probabilities[:, 1] == 0).all()
    assert set(model.predict(X)) == {"a", "c"}


@pytest.mark.parametrize("calibrate", ["auto", "sigmoid", "isotonic"])
def test_probabilities_by_cross_validation(calibrate):
    model = built(estimator="LinearSVC", calibrate=calibrate)
    model.fit(X, Y)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.score(X, Y) > 0.9


def test_the_seed_decides_what_is_random():
    def trees(seed):
        model = built(estimator="RandomForest", params={"n_estimators": 5}, seed=seed)
        model.fit(X, Y)
        return model.predict_proba(X)

    np.testing.assert_array_equal(trees(1), trees(1))
    assert (trees(1) != trees(2)).any()
    # Seeds beyond 32 bits and below 0 are seeds of the platform, too.
    np.testing.assert_array_equal(trees(2**32 + 1), trees(1))
    trees(-1)


def test_a_trial_trains_with_as_many_threads_as_it_has_cores(tmp_path):
    model = built(estimator="RandomForest", params={"n_estimators": 5})
    with threadpool_limits(2):
        assert building.allowed_threads() == 2
        model.fit(X, Y)
        assert model.model.n_jobs == 2
    model.save(tmp_path)
    assert plugin.load(tmp_path).model.n_jobs is None


def test_pictures_are_flattened_and_seen_in_single_precision():
    pictures = (X.reshape(150, 2, 2) * 30).astype(np.uint8)
    data = DataDescription("tiny", "classification", 150, (2, 2), "uint8", ("a", "b", "c"))
    model = built(data, estimator="KNeighbors")
    model.fit(pictures, Y)
    assert model.model.n_features_in_ == 4
    assert model.dtype == "float32"
    assert model.score(pictures, Y) > 0.9
