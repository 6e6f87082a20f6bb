import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpy_mlp.activations import ACTIVATIONS, Activation, LeakyReLU, activation
from numpy_mlp.errors import ParameterError
from numpy_mlp.initializers import INITIALIZERS
from numpy_mlp.losses import LOSSES
from numpy_mlp.notation import choose
from numpy_mlp.optimizers import OPTIMIZERS, Adam, optimizer
from numpy_mlp.schedules import SCHEDULES

FAMILIES = [ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, SCHEDULES]


@given(st.floats(0.0, 1.0))
def test_every_slope_survives_its_notation(slope):
    assert activation(str(LeakyReLU(slope))) == LeakyReLU(slope)


@given(
    st.floats(0.0, 1.0, exclude_max=True),
    st.floats(0.0, 1.0, exclude_max=True),
    st.floats(1e-12, 1.0),
)
def test_every_adam_survives_its_notation(beta_1, beta_2, epsilon):
    adam = Adam(beta_1, beta_2, epsilon)
    assert optimizer(str(adam), mu=0.5) == adam


@pytest.mark.parametrize(
    ("options", "name"), [(family, name) for family in FAMILIES for name in family]
)
def test_every_member_is_found_by_its_own_notation(options, name):
    member = options[name]()
    assert type(member).__name__ == name
    assert choose(member.kind, options, str(member)) == member


@given(st.text())
def test_any_text_is_an_activation_or_one_sentence(text):
    with contextlib.suppress(ParameterError):
        assert isinstance(activation(text), Activation)


def test_momentum_takes_mu_unless_it_says_its_own():
    assert optimizer("Momentum", mu=0.7).mu == 0.7
    assert optimizer("Nesterov(0.5)", mu=0.7).mu == 0.5
    assert optimizer({"name": "momentum", "mu": 0.25}, mu=0.7).mu == 0.25
