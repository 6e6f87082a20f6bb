import numpy as np
import pytest
from sklearn.metrics import log_loss, mean_absolute_error, mean_squared_error

from numpy_mlp.losses import CrossEntropy, EpsilonInsensitive, loss

RNG = np.random.default_rng(3)
TARGET, OUTPUT = RNG.normal(size=(20, 3)), RNG.normal(size=(20, 3))
WEIGHT = RNG.uniform(0.1, 2.0, (20, 1))


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    ("name", "oracle"), [("MSE", mean_squared_error), ("MAE", mean_absolute_error)]
)
def test_as_scikit_learn_measures(name, oracle, weight):
    mass = 20 if weight is None else weight.sum()
    sample_weight = None if weight is None else weight[:, 0]
    expected = oracle(TARGET, OUTPUT, sample_weight=sample_weight)
    assert loss(name).total(OUTPUT, TARGET, weight) / mass == pytest.approx(expected)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_cross_entropy_as_scikit_learn_measures(weight):
    probability = np.exp(OUTPUT) / np.exp(OUTPUT).sum(axis=1, keepdims=True)
    labels = RNG.integers(0, 3, 20)
    sample_weight = None if weight is None else weight[:, 0]
    expected = log_loss(labels, probability, sample_weight=sample_weight, normalize=False)
    assert CrossEntropy().total(probability, np.eye(3)[labels], weight) == pytest.approx(expected)


def test_a_probability_of_zero_is_a_finite_loss():
    total = CrossEntropy().total(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]]), None)
    assert total == pytest.approx(-np.log(np.finfo(float).tiny))


def test_vapnik_forgives_errors_up_to_epsilon():
    output, target = np.array([[0.05], [0.3], [-1.0]]), np.zeros((3, 1))
    assert EpsilonInsensitive(0.1).total(output, target, None) == pytest.approx(0.2 + 0.9)
    gradient = np.empty((3, 1))
    EpsilonInsensitive(0.1).gradient(output, target, gradient)
    np.testing.assert_array_equal(gradient[:, 0], [0.0, 1.0, -1.0])
