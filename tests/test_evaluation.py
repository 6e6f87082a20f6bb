from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

from gridwright.contract import DataDescription
from gridwright.errors import PluginError
from gridwright.evaluation import evaluate, predictions

STRINGS = DataDescription("d", "classification", 5, (1,), "float64", classes=("a", "b", "long"))
NUMBERS = DataDescription("d", "regression", 5, (1,), "float64", n_outputs=1)
X = np.zeros((5, 1))


class Fixed:
    """An estimator that answers what it was given."""

    def __init__(self, answer):
        self.answer = answer

    def fit(self, x, y, validation=None, on_epoch=None):
        pass

    def predict(self, x):
        return self.answer

    def predict_proba(self, x):
        return self.answer

    def score(self, x, y):
        return 0.0

    def save(self, folder):
        pass


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_classification_agrees_with_scikit_learn(dtype):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(3), size=5).astype(dtype)
    y = np.array(["long", "a", "b", "b", "a"])
    loss, score = evaluate(Fixed(probabilities), X, y, STRINGS)
    whole = probabilities / probabilities.sum(axis=1, keepdims=True, dtype=float)
    assert loss == pytest.approx(log_loss(y, whole), rel=1e-6)
    assert score == accuracy_score(y, np.array(STRINGS.classes)[probabilities.argmax(axis=1)])


def test_labels_that_are_numbers_with_gaps():
    data = replace(STRINGS, classes=(1, 5, 7))
    y = np.array([7, 1, 5, 5, 7], dtype=np.uint8)
    assert evaluate(Fixed(np.eye(3)[[2, 0, 1, 1, 2]]), X, y, data) == (0.0, 1.0)


def test_an_impossible_truth_costs_a_finite_loss():
    y = np.array(["b"] * 5)
    loss, score = evaluate(Fixed(np.eye(3)[[0] * 5]), X, y, STRINGS)
    assert loss == pytest.approx(-np.log(np.finfo(float).eps))
    assert score == 0.0


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_a_regression_agrees_with_scikit_learn(n_outputs):
    generator = np.random.default_rng(0)
    shape = (5,) if n_outputs == 1 else (5, n_outputs)
    y, values = generator.normal(size=shape), generator.normal(size=shape).astype(np.float32)
    loss, score = evaluate(Fixed(values), X, y, replace(NUMBERS, n_outputs=n_outputs))
    assert loss == pytest.approx(mean_squared_error(y, values))
    assert score == pytest.approx(r2_score(y, values))


def test_values_that_are_not_finite_give_nan():
    values = np.array([1.0, np.inf, 2.0, 3.0, 4.0])
    assert np.isnan(evaluate(Fixed(values), X, np.arange(5.0), NUMBERS)).all()


@pytest.mark.parametrize(
    ("data", "shape", "expected"),
    [
        (STRINGS, (5, 2), "predict_proba must return an array of shape (5, 3), not (5, 2)"),
        (STRINGS, (5,), "predict_proba must return an array of shape (5, 3), not (5,)"),
        (NUMBERS, (5, 1), "predict must return an array of shape (5,), not (5, 1)"),
        (replace(NUMBERS, n_outputs=2), (5,), "predict must return an array of shape (5, 2)"),
    ],
)
def test_another_shape_is_refused_before_it_can_broadcast(data, shape, expected):
    with pytest.raises(PluginError) as caught:
        predictions(Fixed(np.zeros(shape)), X, data)
    assert expected in str(caught.value)


def test_a_classifier_without_probabilities_is_named():
    members = {name: value for name, value in vars(Fixed).items() if name != "predict_proba"}
    silent = type("Silent", (), members)(np.zeros(5))
    with pytest.raises(PluginError, match="Silent lacks predict_proba, which a classifier needs"):
        predictions(silent, X, STRINGS)
