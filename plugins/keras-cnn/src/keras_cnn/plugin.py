"""The entry point `keras-cnn`: checks configurations, builds and loads estimators."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from keras_cnn import backend

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import DataDescription, Footprint, Problem, Task
    from keras_cnn.estimator import CNN

_DISTRIBUTIONS = ("gridwright", "gridwright-keras-cnn", "keras", "numpy")


class KerasCNNPlugin:
    """Implements `gridwright.contract.ModelPlugin`.

    Attributes:
        name: what `model=<name>` chooses.
        version: of this package, and the backend of Keras where that is not TensorFlow.
        requirements: what a served model needs, pinned.
        reads_in_pieces: samples may be larger than memory: they are read batch by batch.
    """

    def __init__(self) -> None:
        self.name = "keras-cnn"
        self.version = backend.versioned(version("gridwright-keras-cnn"))
        self.reads_in_pieces = True
        needed = (*_DISTRIBUTIONS, *backend.distributions())
        self.requirements: Sequence[str] = [f"{name}=={version(name)}" for name in needed]

    def check(self, parameters: Mapping[str, Any], data: DataDescription) -> Sequence[Problem]:
        """Return every problem of the parameters on such data; imports no Keras."""
        from keras_cnn import parameters as cnn_parameters

        return cnn_parameters.check(parameters, data)

    def footprint(self, parameters: Mapping[str, Any], data: DataDescription) -> Footprint:
        """Return what a training with good parameters takes; imports no Keras."""
        from keras_cnn.footprint import footprint

        return footprint(parameters, data)

    def changeable(self, parameters: Mapping[str, Any]) -> Collection[str]:
        """Return the parameters that may change between two epochs of a training."""
        rate = parameters["learning_rate"]
        a_number = rate is None or isinstance(rate, int | float)
        return ("batch_size", "learning_rate") if a_number else ("batch_size",)

    def build(
        self, parameters: Mapping[str, Any], task: Task, data: DataDescription, seed: int
    ) -> CNN:
        """Return an untrained network.

        Raises:
            ConfigurationError: the backend that `KERAS_BACKEND` names is not there.
        """
        from keras_cnn import runtime
        from keras_cnn.estimator import CNN

        # Before there is an estimator: what it holds in cycles is to be freed with it.
        runtime.keep_imports()
        model = CNN(**parameters, task=task, seed=seed, classes=data.classes or None)
        model.shares_networks = True
        return model

    def load(self, folder: Path) -> CNN:
        """Return the trained network of a folder.

        Raises:
            ModelFileError: a file is missing, altered, from a newer version, or carries code.
        """
        from keras_cnn.estimator import CNN

        return CNN.load(folder)


plugin = KerasCNNPlugin()
