import numpy as np
import pytest
from scipy.special import expit

from numpy_mlp.activations import ACTIVATIONS, LeakyReLU, LeakyReLu, ReLU, ReLu, activation
from numpy_mlp.errors import ParameterError

Z = np.linspace(-30.0, 30.0, 61)[:, np.newaxis] * np.ones((1, 3))
EXPECTED = {
    "Sigmoid": expit(Z),
    "Tanh": np.tanh(Z),
    "ReLU": np.where(Z > 0, Z, 0),
    "LeakyReLU": np.where(Z > 0, Z, 0.01 * Z),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forward_into_rows_that_lie_apart(name, dtype):
    out = np.full((len(Z), 4), 7.0, dtype)
    activation(name).forward(Z.astype(dtype), out[:, :-1])
    np.testing.assert_allclose(out[:, :-1], EXPECTED[name], rtol=2e-6, atol=1e-7)
    np.testing.assert_array_equal(out[:, -1], 7.0)


@pytest.mark.parametrize("name", ["ReLU", "LeakyReLU"])
def test_derivative_at_zero_is_the_left_one(name):
    delta = np.ones((1, 1))
    chosen = activation(name)
    chosen.backward(np.zeros((1, 1)), delta, np.zeros((1, 1)))
    assert delta.item() == (0.0 if name == "ReLU" else 0.01)


def test_sigmoid_does_not_overflow():
    out = np.empty((1, 2), np.float32)
    activation("Sigmoid").forward(np.array([[-1e30, 1e30]], np.float32), out)
    np.testing.assert_array_equal(out, [[0.0, 1.0]])


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("ReLU", ReLU()),
        ("ReLu", ReLU()),
        ("relu", ReLU()),
        (ReLu, ReLU()),
        ("LeakyReLU(0.1)", LeakyReLU(0.1)),
        ("LeakyReLu(.1)", LeakyReLU(0.1)),
        ("leaky_relu(slope=1e-1)", LeakyReLU(0.1)),
        ({"name": "LeakyReLU", "slope": 0.1}, LeakyReLU(0.1)),
        (LeakyReLu(0.1), LeakyReLU(0.1)),
        (LeakyReLU, LeakyReLU(0.01)),
    ],
)
def test_every_spelling(wanted, expected):
    assert activation(wanted) == expected


def test_the_papers_notation_comes_back():
    assert [str(activation(name)) for name in ("relu", "leakyrelu(.1)")] == [
        "ReLU",
        "LeakyReLU(0.1)",
    ]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("Sigmoyd", "did you mean 'Sigmoid'"),
        ("LeakyReLU(2)", "slope must be a number at least 0 and at most 1, but got 2"),
        ("LeakyReLU(nan)", "'nan' is not a number"),
        ("ReLU(0.1)", "takes no numbers"),
        ("LeakyReLU(0.1, 0.2)", "takes slope, but got 0.2"),
        ("LeakyReLU(0.1, slope=0.2)", "slope twice"),
        ("LeakyReLU(slop=0.1)", "takes slope, but got slop"),
        ("__import__('os')", "must be a name"),
        ({"slope": 0.1}, "needs a name"),
        (3, "must be a name"),
        (np.tanh, "must be a name"),
    ],
)
def test_what_is_no_activation(wanted, message):
    with pytest.raises(ParameterError) as caught:
        activation(wanted)
    assert message in str(caught.value)
