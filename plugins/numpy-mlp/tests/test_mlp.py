"""The paper's class, called as its section 3.1 and its listings in section 4 call it."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from gridwright.contract import Classifier
from gridwright.errors import ConfigurationError
from numpy_mlp import MLP, LeakyReLU, LeakyReLu, ReLU, ReLu, Sigmoid, Tanh, load_model

# The three listings, word for word.
LISTINGS = {
    "statlog": """
MLP([64], activation=ReLu(),
    batch_size=128, epochs=100, mu=0.95,
    beta=.3, eta=.02, alpha=.001,
    verbose=1, task='classification')
""",
    "mnist": """
MLP([128, 64], activation=ReLU(),
    batch_size=64, epochs=15, mu=0.85,
    beta=.1, eta=.03, alpha=.001,
    verbose=1, task='classification')
""",
    "fashion mnist": """
MLP([128, 64], mu=0.85,
activation=LeakyReLU(.03),
batch_size=64, epochs=10,
beta=.2, eta=.01, alpha=.001,
verbose=1, task='classification')
""",
}


@pytest.mark.parametrize("listing", LISTINGS)
def test_the_listings_run(listing, iris, capsys):
    x_train, x_test, y_train, y_test = iris
    names = {"MLP": MLP, "ReLU": ReLU, "ReLu": ReLu, "LeakyReLU": LeakyReLU}
    model = eval(LISTINGS[listing].strip(), names)
    history, validation_history = model.fit(x_train, y_train, validation=[x_test, y_test])
    assert history.shape == validation_history.shape == (model.estimator.epoch, 2)
    assert capsys.readouterr().out.count("loss") == 2 * model.estimator.epoch
    assert history[-1, 0] < history[0, 0]
    assert model.score(x_test, y_test) > 0.5


def test_without_validation_there_is_one_history(iris):
    x_train, _, y_train, _ = iris
    history = MLP((5, 5), Tanh(), 4).fit(x_train, y_train)
    assert history.shape == (4, 2)


def test_positional_arguments_in_the_papers_order(iris):
    model = MLP([10], Sigmoid(), 3, 0.5, 0.2, 0.01, 0.7, 32, 0, "classification")
    estimator = model.estimator
    told = [estimator.hidden_layer, estimator.activation, estimator.epoch, estimator.eta]
    told += [estimator.beta, estimator.alpha, estimator.mu, estimator.batch_size]
    assert told == [[10], Sigmoid(), 3, 0.5, 0.2, 0.01, 0.7, 32]


def test_regression_scales_its_targets():
    x, y = load_diabetes(return_X_y=True)
    model = MLP([20], LeakyReLu(0.1), epoch=40, task="regression", random_state=0)
    history = model.fit(x, 1e6 * y)
    assert history[-1, 0] < 1.0
    assert model.score(x, 1e6 * y) > 0.4
    assert model.predict(x).mean() == pytest.approx(1e6 * y.mean(), rel=0.05)
    with pytest.raises(ConfigurationError, match="classification"):
        model.predict_proba(x)


def test_it_keeps_the_platforms_contract_too(iris, tmp_path):
    x_train, x_test, y_train, _ = iris
    model = MLP(epoch=3, random_state=0)
    assert isinstance(model, Classifier)
    model.fit(x_train, y_train)
    model.save(tmp_path)
    np.testing.assert_array_equal(load_model(tmp_path).predict(x_test), model.predict(x_test))
    assert repr(model).startswith("MLP(task='classification', epoch=3")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "clustering"}, "classification or regression, but got 'clustering'"),
        ({"epoch": 3, "epochs": 3}, "epoch or epochs, not both"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        MLP(**arguments)
