import numpy as np
from sklearn.datasets import load_diabetes, load_iris

from gridwright.datasets import load


def test_iris_has_the_names_of_scikit_learn():
    dataset = load({"name": "iris"})
    bunch = load_iris()
    assert dataset.classes == ("setosa", "versicolor", "virginica")
    assert dataset.feature_names == tuple(bunch.feature_names)
    assert dataset.feature_names[0] == "sepal length (cm)"
    assert dataset.target_names == ("species",)
    assert dataset.x.dtype == np.float64
    np.testing.assert_array_equal(dataset.x, bunch.data)
    np.testing.assert_array_equal(dataset.y, bunch.target_names[bunch.target])
    assert dataset.x_test is None


def test_diabetes_is_a_regression():
    dataset = load({"name": "diabetes"})
    assert dataset.task == "regression"
    assert dataset.classes == ()
    assert dataset.feature_names[:3] == ("age", "sex", "bmi")
    np.testing.assert_array_equal(dataset.y, load_diabetes().target)


def test_the_digest_is_the_same_each_time():
    assert load({"name": "iris"}).digest == load({"name": "iris"}).digest
    assert load({"name": "iris"}).digest != load({"name": "diabetes"}).digest
