"""A prediction is made in full float32, and what the user has set is there afterwards."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_cnn import backend, precision
from keras_cnn.estimator import CNN

allowed = tf.config.experimental.tensor_float_32_execution_enabled


@pytest.fixture(params=[True, False])
def before(request):
    usual = allowed()
    tf.config.experimental.enable_tensor_float_32_execution(request.param)
    yield request.param
    tf.config.experimental.enable_tensor_float_32_execution(usual)


def test_tensorflow_has_its_own_setting_back_after_the_last_block(before):
    with precision.full_float32():
        assert not allowed()
        with precision.full_float32():
            assert not allowed()
        assert not allowed()
    assert allowed() is before


def test_it_is_back_after_an_error(before):
    with pytest.raises(ValueError, match="broken"), precision.full_float32():
        raise ValueError("broken")
    assert allowed() is before


def test_a_network_predicts_so_and_trains_as_the_user_likes(before):
    seen = {}
    x, y = np.random.default_rng(0).random((8, 4, 4, 1)), np.arange(8) % 2
    network = CNN([{"layer": "Flatten"}], epochs=1, batch_size=8, seed=0)
    network.fit(x, y, on_epoch=lambda *told: seen.setdefault("training", allowed()))
    made = network._lent.outputs

    def outputs(x):
        seen["predicting"] = allowed()
        return made(x)

    network._lent.outputs = outputs
    network.predict(x)
    assert seen == {"training": before, "predicting": False}


def test_pytorch_is_told_the_same_way(monkeypatch):
    cudnn = SimpleNamespace(allow_tf32=True)
    torch = SimpleNamespace(backends=SimpleNamespace(cudnn=cudnn))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(backend, "chosen", lambda: "torch")
    with precision.full_float32():
        assert not cudnn.allow_tf32
    assert cudnn.allow_tf32


def test_jax_is_told_for_the_block_alone(monkeypatch):
    block = object()
    jax = SimpleNamespace(default_matmul_precision={"float32": block}.__getitem__)
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setattr(backend, "chosen", lambda: "jax")
    assert precision.full_float32() is block
