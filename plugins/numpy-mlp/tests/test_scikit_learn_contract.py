"""scikit-learn's own checks of an estimator, all of them, none expected to fail."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from numpy_mlp import MLPClassifier, MLPRegressor


@parametrize_with_checks([MLPClassifier(), MLPRegressor()])
def test_scikit_learn_check(estimator, check):
    check(estimator)
