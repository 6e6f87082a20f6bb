"""Shares of a GPU, with TensorFlow and the driver's tool replaced: no GPU is needed."""

import os
from types import SimpleNamespace

import pytest

from keras_cnn import gpu_share


class TensorFlow:
    """As much of TensorFlow as is asked."""

    def __init__(self, n_gpus):
        self.limits = []
        self.config = SimpleNamespace(
            list_physical_devices=lambda kind: [f"{kind}:{number}" for number in range(n_gpus)],
            LogicalDeviceConfiguration=lambda memory_limit: memory_limit,
            set_logical_device_configuration=lambda gpu, limits: self.limits.append((gpu, limits)),
        )


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """An nvidia-smi that knows the GPU 3."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text('#!/bin/sh\ncase "$*" in *--id=3*) echo 80000;; *) exit 6;; esac\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")


@pytest.mark.parametrize(
    ("gpus", "expected"), [("0.25", 0.25), ("1", None), ("0", None), ("2", None), ("", None)]
)
def test_only_a_fraction_is_a_share(monkeypatch, gpus, expected):
    monkeypatch.setenv("GRIDWRIGHT_GPUS", gpus)
    assert gpu_share.share() == expected


def test_tensorflow_is_held_to_its_share(monkeypatch, driver):
    monkeypatch.setenv("GRIDWRIGHT_GPUS", "0.25")
    tf = TensorFlow(n_gpus=1)
    gpu_share.limit_tensorflow(tf)
    assert tf.limits == [("GPU:0", [19_000])]


@pytest.mark.parametrize(("gpus", "n_gpus"), [("1", 1), ("0.5", 0)])
def test_a_whole_gpu_or_none_is_left_alone(monkeypatch, driver, gpus, n_gpus):
    monkeypatch.setenv("GRIDWRIGHT_GPUS", gpus)
    tf = TensorFlow(n_gpus)
    gpu_share.limit_tensorflow(tf)
    assert tf.limits == []


def test_without_the_drivers_tool_it_is_said(monkeypatch, driver, caplog):
    monkeypatch.setenv("GRIDWRIGHT_GPUS", "0.5")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    tf = TensorFlow(n_gpus=1)
    gpu_share.limit_tensorflow(tf)
    assert tf.limits == []
    assert "its share" in caplog.text or "share of it is not held" in caplog.text


def test_jax_reads_its_share_from_the_environment(monkeypatch):
    monkeypatch.setenv("GRIDWRIGHT_GPUS", "0.5")
    environment = {"XLA_PYTHON_CLIENT_PREALLOCATE": "true"}
    gpu_share.announce_to_jax(environment)
    assert environment == {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
        "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.475",
    }


def test_torch_is_told(monkeypatch):
    monkeypatch.setenv("GRIDWRIGHT_GPUS", "0.5")
    told = []
    cuda = SimpleNamespace(is_available=lambda: True, set_per_process_memory_fraction=told.append)
    gpu_share.limit_torch(SimpleNamespace(cuda=cuda))
    assert told == [0.475]
