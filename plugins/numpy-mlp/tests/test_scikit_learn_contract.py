"""scikit-learn's own checks of an estimator, all of them, none expected to fail."""

from numpy_mlp import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks


@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_scikit_learn_check(estimator, check):
    check(estimator)
