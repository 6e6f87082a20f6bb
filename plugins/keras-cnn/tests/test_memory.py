"""A training that does not fit says how large its network is."""

import pytest

from gridwright.contract import DataDescription, TrialSpec
from gridwright.datasets import TrialData
from gridwright.errors import OutOfMemory
from gridwright.trial import run_trial
from keras_cnn import CNN, architecture, runtime
from keras_cnn.memory import out_of_memory_named
from keras_cnn.plugin import plugin

PICTURES = DataDescription("d", "classification", 100, (32, 32, 3), "uint8", classes=(0, 1))
LAYERS, _ = architecture.read(["Flatten", {"layer": "Dense", "units": 1000}])


class ResourceExhaustedError(Exception):
    """Called as TensorFlow calls it."""


@pytest.mark.parametrize("error", [MemoryError(), ResourceExhaustedError("OOM when allocating")])
def test_an_exhausted_memory_is_named_with_the_size_of_the_network(error):
    with pytest.raises(OutOfMemory) as caught, out_of_memory_named(LAYERS, PICTURES, 64):
        raise error
    assert "a network of 3,075,002 parameters (12 MB" in str(caught.value)
    assert "a batch of 64" in str(caught.value)


def test_other_errors_stay_what_they_are():
    with pytest.raises(ZeroDivisionError), out_of_memory_named(LAYERS, PICTURES, 64):
        raise ZeroDivisionError


# 40 thousand times 40 million weights: 6.4 petabytes.
NO_MACHINE = ["Flatten", {"layer": "Dense", "units": [40_000, 40_000_000]}]


def test_a_network_that_no_machine_holds(pictures):
    runtime.keras()
    with pytest.raises(OutOfMemory, match="out of memory with a network of 1,600"):
        CNN(NO_MACHINE, epochs=1).fit(*pictures)


def test_its_trial_fails_with_its_size_and_the_next_one_of_the_worker_runs(pictures, small):
    x, y = pictures
    description = DataDescription(
        "d", "classification", len(x), x.shape[1:], "uint8", classes=("circle", "dot", "line")
    )
    data = TrialData(
        description=description, digest="", source="", x_train=x, y_train=y,
        x_validation=None, y_validation=None, x_test=x[:20], y_test=y[:20],
    )  # fmt: skip
    failures = []
    for layers in (NO_MACHINE, small):
        spec = TrialSpec(
            key="", index=0, model="keras-cnn", parameters={"architecture": layers, "epochs": 1},
            config={}, overrides=(), dataset="d", dataset_key="", data_digest="",
            plugin_version="", seed=0, rank_by="test", command="",
        )  # fmt: skip
        failures.append(run_trial(spec, data, plugin).failure)
    too_large, none = failures
    assert "out of memory with a network of 1,600" in too_large.reason
    assert none is None
