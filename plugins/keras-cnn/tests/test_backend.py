"""The backend is known before Keras is, and its name is part of the plugin's version."""

import os
import sys
from types import SimpleNamespace

import pytest

from gridwright.errors import ConfigurationError
from keras_cnn import backend, plugin
from keras_cnn.plugin import KerasCNNPlugin


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    there = {"tensorflow", "jax"}
    monkeypatch.setattr(backend, "find_spec", lambda name: name in there or None)
    return there


def test_keras_is_told_the_usual_one(monkeypatch):
    assert backend.chosen() == "tensorflow"
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert "+" not in KerasCNNPlugin().version


def test_another_one_makes_another_version(monkeypatch):
    monkeypatch.setattr(plugin, "version", lambda name: "2.0")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert KerasCNNPlugin().version == "2.0+jax"


def test_a_model_needs_the_backend_it_was_trained_on_and_the_one_a_server_takes(
    monkeypatch, installed
):
    monkeypatch.setattr(plugin, "version", lambda name: "2.0")
    own = ["gridwright==2.0", "gridwright-keras-cnn==2.0", "keras==2.0", "numpy==2.0"]
    assert KerasCNNPlugin().requirements == [*own, "tensorflow==2.0"]
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert KerasCNNPlugin().requirements == [*own, "tensorflow==2.0", "jax==2.0"]
    installed.remove("tensorflow")
    assert KerasCNNPlugin().requirements == [*own, "jax==2.0"]


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
