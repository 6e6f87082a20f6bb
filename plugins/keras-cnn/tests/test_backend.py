"""The backend is known before Keras is, and its name is part of the plugin's version."""

import os
import sys
from types import SimpleNamespace

import pytest

from gridwright.errors import ConfigurationError
from keras_cnn import backend
from keras_cnn.plugin import KerasCNNPlugin


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    there = {"tensorflow", "jax"}
    monkeypatch.setattr(backend, "find_spec", lambda name: name in there or None)


def test_keras_is_told_the_usual_one(monkeypatch):
    assert backend.chosen() == "tensorflow"
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert "+" not in KerasCNNPlugin().version


def test_another_one_makes_another_version(monkeypatch):
    usual = KerasCNNPlugin().version
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert KerasCNNPlugin().version == f"{usual}+jax"


def test_a_keras_that_is_there_already_keeps_its_own(monkeypatch):
    there = SimpleNamespace(backend=SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", there)
    assert backend.chosen() == "jax"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "torch",
            (
                "KERAS_BACKEND is 'torch', which needs the package 'torch': install it, or unset "
                "KERAS_BACKEND to use tensorflow"
            ),
        ),
        (
            "pytorch",
            (
                "unknown KERAS_BACKEND 'pytorch': did you mean 'torch'? choose one of jax, "
                "tensorflow, torch"
            ),
        ),
    ],
)
def test_one_that_is_not_there_is_told_before_anything_starts(monkeypatch, name, sentence):
    monkeypatch.setenv("KERAS_BACKEND", name)
    with pytest.raises(ConfigurationError) as told:
        KerasCNNPlugin()
    assert str(told.value) == sentence
