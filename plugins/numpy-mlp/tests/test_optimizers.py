import os
import warnings

import numpy as np
import pytest

from numpy_mlp.optimizers import LBFGS, OPTIMIZERS, Adam, optimizer

STEPS = 50
FIRST_ORDER = [name for name in OPTIMIZERS if name != "LBFGS"]
ETA = {"AdaDelta": 1.0, "Adagrad": 0.1}


def curved_gradient(w):
    """Of a function with curvatures from 1 to 8 and a little sine, so that no rule is at home."""
    return np.linspace(1.0, 8.0, len(w)) * (w - 1.0) + 0.5 * np.sin(3.0 * w)


def our_path(chosen, eta, dtype=np.float64):
    w = np.linspace(-2.0, 3.0, 9).astype(dtype)
    state, path = chosen.start(w), []
    for _ in range(STEPS):
        chosen.step(w, curved_gradient(w).astype(dtype), eta, state)
        path.append(w.copy())
    return np.array(path)


def keras_path(name, eta):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import keras

        rules = {
            "GradientDescent": lambda: keras.optimizers.SGD(eta),
            "Momentum": lambda: keras.optimizers.SGD(eta, momentum=0.8),
            "Nesterov": lambda: keras.optimizers.SGD(eta, momentum=0.8, nesterov=True),
            "Adagrad": lambda: keras.optimizers.Adagrad(eta),
            "AdaDelta": lambda: keras.optimizers.Adadelta(eta),
            "RMSProp": lambda: keras.optimizers.RMSprop(eta),
            "Adam": lambda: keras.optimizers.Adam(eta),
        }
        rule = rules[name]()
        w = keras.Variable(np.linspace(-2.0, 3.0, 9), dtype="float64")
        path = []
        for _ in range(STEPS):
            gradient = keras.ops.convert_to_tensor(curved_gradient(np.array(w)), dtype="float64")
            rule.apply([gradient], [w])
            path.append(np.array(w))
    return np.array(path)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIRST_ORDER)
def test_follows_keras_for_50_steps(name):
    eta = ETA.get(name, 0.02)
    ours = our_path(optimizer(name, mu=0.8), eta)
    assert np.abs(ours[-1] - ours[0]).max() > 1e-3
    np.testing.assert_allclose(ours, keras_path(name, eta), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_both_precisions_go_the_same_way(name):
    chosen, eta = optimizer(name, mu=0.8), ETA.get(name, 0.02)
    np.testing.assert_allclose(
        our_path(chosen, eta, np.float32), our_path(chosen, eta), rtol=0, atol=1e-4
    )


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_updates_in_place(name):
    chosen = optimizer(name, mu=0.8)
    w = np.ones(3, np.float32)
    view = w[:]
    chosen.step(w, np.ones(3, np.float32), 0.1, chosen.start(w))
    assert np.all(view != 1.0)
    np.testing.assert_array_equal(view, w)


def test_one_adam_step_is_eta_long():
    w = np.zeros(2)
    adam = Adam()
    adam.step(w, np.array([3.0, -0.5]), 0.1, adam.start(w))
    np.testing.assert_allclose(w, [-0.1, 0.1], rtol=1e-4)


def test_lbfgs_is_no_rule_of_single_steps():
    with pytest.raises(NotImplementedError, match="whole training set"):
        LBFGS().step(np.zeros(1), np.zeros(1), 0.1, LBFGS().start(np.zeros(1)))
