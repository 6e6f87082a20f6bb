"""A training that does not fit says how large its network is."""

import pytest

from gridwright.contract import DataDescription
from gridwright.errors import OutOfMemory
from keras_cnn import CNN, architecture, runtime
from keras_cnn.memory import out_of_memory_named

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


def test_a_network_that_no_machine_holds(pictures):
    runtime.keras()
    # 40 thousand times 40 million weights: 6.4 petabytes.
    layers = ["Flatten", {"layer": "Dense", "units": [40_000, 40_000_000]}]
    with pytest.raises(OutOfMemory, match="out of memory with a network of 1,600"):
        CNN(layers, epochs=1).fit(*pictures)
