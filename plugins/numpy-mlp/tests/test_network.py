import itertools

import numpy as np
import pytest

from numpy_mlp import network as network_module
from numpy_mlp.activations import Activation, LeakyReLU, ReLU, Sigmoid, Tanh
from numpy_mlp.initializers import Normal
from numpy_mlp.losses import MAE, MSE, CrossEntropy, EpsilonInsensitive
from numpy_mlp.network import Network, Workspace, count_parameters, layer_views
from numpy_mlp.outputs import Linear, Softmax


class Swish(Activation):
    """A user's own: not monotonic, so that its derivative needs the input."""

    needs_input = True

    def forward(self, z, out):
        np.divide(z, 1.0 + np.exp(-z), out=out)

    def backward(self, output, delta, z):
        sigmoid = 1.0 / (1.0 + np.exp(-z))
        delta *= output + sigmoid * (1.0 - output)


ACTIVATIONS = [Sigmoid(), Tanh(), ReLU(), LeakyReLU(0.1), Swish()]
OUTPUTS_AND_LOSSES = [
    (Softmax(), CrossEntropy()),
    *itertools.product([Softmax(), Linear()], [MSE(), MAE(), EpsilonInsensitive(0.1)]),
]
ROWS, SIZES = 7, (5, 6, 4, 3)


def name(value):
    return type(value).__name__ if isinstance(value, Activation | Linear | Softmax) else str(value)


def problem(*, activation, output, loss, alpha, dropout, weighted):
    rng = np.random.default_rng(5)
    network = Network(
        SIZES, activation, output, loss, alpha=alpha, dropout=dropout, dtype=np.float64
    )
    network.initialize(Normal(0.7), rng)
    for layer in network.layers:
        layer[-1] = rng.normal(size=layer.shape[1])
    features = np.ones((ROWS, SIZES[0] + 1))
    features[:, :-1] = rng.normal(size=(ROWS, SIZES[0]))
    batch = Workspace(network).pass_over(features, np.empty((ROWS, SIZES[-1])))
    network.draw_masks(batch, rng)
    classes = isinstance(output, Softmax)
    target = np.eye(3)[rng.integers(0, 3, ROWS)] if classes else rng.normal(size=(ROWS, 3))
    weight = rng.uniform(0.5, 1.5, (ROWS, 1)) if weighted else None
    return network, batch, target, weight


def objective(network, batch, target, weight):
    network.forward(batch)
    return network.loss.total(batch.output, target, weight) / ROWS + network.penalty()


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize(("output", "loss"), OUTPUTS_AND_LOSSES, ids=name)
@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("narrow", [0, 5, 64])
def test_gradient_agrees_with_finite_differences(
    monkeypatch, *, narrow, activation, output, loss, alpha, dropout, weighted
):
    """Whichever layers are narrow enough for Fortran order: none, some, or all."""
    monkeypatch.setattr(network_module, "NARROW", narrow)
    network, batch, target, weight = problem(
        activation=activation,
        output=output,
        loss=loss,
        alpha=alpha,
        dropout=dropout,
        weighted=weighted,
    )
    gradient = np.full_like(network.parameters, np.nan)
    network.forward(batch)
    network.backward(batch, target, weight, layer_views(gradient, SIZES))

    numeric = np.empty_like(gradient)
    step = 1e-6
    for index, value in enumerate(network.parameters.copy()):
        network.parameters[index] = value + step
        above = objective(network, batch, target, weight)
        network.parameters[index] = value - step
        below = objective(network, batch, target, weight)
        network.parameters[index] = value
        numeric[index] = (above - below) / (2.0 * step)

    assert np.linalg.norm(gradient) > 1e-3
    assert np.linalg.norm(numeric - gradient) / np.linalg.norm(gradient) < 1e-6


def test_dropout_masks_leave_out_units_and_keep_the_mean():
    network = Network((3, 4000, 2), ReLU(), Softmax(), CrossEntropy(), dropout=0.25)
    batch = Workspace(network).pass_over(np.ones((5, 4), np.float32), np.empty((5, 2), np.float32))
    network.draw_masks(batch, np.random.default_rng(0))
    (mask,) = batch.masks
    assert set(np.unique(mask)) == {0.0, np.float32(1.0 / 0.75)}
    assert np.mean(mask == 0.0) == pytest.approx(0.25, abs=0.02)
    assert mask.mean() == pytest.approx(1.0, abs=0.02)


def test_layers_are_views_of_the_parameters_and_of_nothing_else():
    network = Network(SIZES, Tanh(), Linear(), MSE())
    assert network.parameters.size == count_parameters(SIZES) == 6 * 6 + 7 * 4 + 5 * 3
    network.parameters[...] = np.arange(network.parameters.size)
    flat = np.concatenate([layer.reshape(-1) for layer in network.layers])
    np.testing.assert_array_equal(flat, network.parameters)


def test_penalty_leaves_biases_alone():
    network = Network((2, 2), Tanh(), Linear(), MSE(), alpha=0.5)
    network.layers[0][...] = [[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]
    assert network.penalty() == pytest.approx(0.25 * (1 + 4 + 9 + 16))


def test_no_hidden_layer_is_a_linear_model():
    network = Network((2, 1), Tanh(), Linear(), MSE(), dtype=np.float64)
    network.layers[0][...] = [[2.0], [3.0], [1.0]]
    features = np.array([[1.0, 1.0, 1.0], [0.0, 2.0, 1.0]])
    batch = Workspace(network).pass_over(features, np.empty((2, 1)))
    network.forward(batch)
    np.testing.assert_array_equal(batch.output, [[6.0], [7.0]])
