"""The paper's own settings on its own data sets, against the scores that it reports."""

import numpy as np
import pytest

from numpy_mlp import MLP, LeakyReLU, ReLU

pytestmark = pytest.mark.slow
SEEDS = (0, 1, 2)


def mean_test_score(x_train, y_train, x_test, y_test, hidden_layer, **settings):
    scores = []
    for seed in SEEDS:
        model = MLP(hidden_layer, random_state=seed, **settings)
        model.fit(x_train, y_train)
        scores.append(model.score(x_test, y_test))
    return float(np.mean(scores)), scores


def compare(name, paper, mean, scores):
    told = ", ".join(f"{score:.4f}" for score in scores)
    print(f"\n{name}: {mean:.2%} (seeds: {told}), the paper has {paper:.2%}")
    assert mean >= paper


def test_statlog(statlog):
    x_train, y_train, x_test, y_test = statlog
    result = mean_test_score(
        x_train,
        y_train,
        x_test,
        y_test,
        [64],
        activation=ReLU(),
        batch_size=128,
        epochs=100,
        mu=0.95,
        beta=0.3,
        eta=0.02,
        alpha=0.001,
    )
    compare("statlog", 0.8145, *result)


def test_mnist(images):
    result = mean_test_score(
        *images("mnist"),
        [128, 64],
        activation=ReLU(),
        batch_size=64,
        epochs=15,
        mu=0.85,
        beta=0.1,
        eta=0.03,
        alpha=0.001,
    )
    compare("mnist", 0.8689, *result)


def test_fashion_mnist(images):
    result = mean_test_score(
        *images("fashion_mnist"),
        [128, 64],
        mu=0.85,
        activation=LeakyReLU(0.03),
        batch_size=64,
        epochs=10,
        beta=0.2,
        eta=0.01,
        alpha=0.001,
    )
    compare("fashion mnist", 0.7536, *result)


def test_iris_reaches_every_flower(iris):
    """The best row of the paper's table 1; its split is not told, so this one is ours."""
    x_train, x_test, y_train, y_test = iris
    mean, scores = mean_test_score(
        x_train,
        y_train,
        x_test,
        y_test,
        (10, 10, 5),
        activation=ReLU(),
        batch_size=16,
        epochs=300,
        mu=0.8,
        beta=0.3,
        eta=0.01,
        alpha=0.01,
    )
    print(f"\niris: {mean:.2%} (seeds: {scores}), the paper has 100.00% at best")
    assert max(scores) == 1.0
    assert mean > 0.9
