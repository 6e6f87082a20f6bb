"""The entry point `numpy-mlp` of `gridwright.models`."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from gridwright.contract import Problem
from gridwright.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import DataDescription, Estimator, Footprint, Task

_DISTRIBUTION = "gridwright-numpy-mlp"


class NumpyMLPPlugin:
    """The multi-layer perceptron as a model plugin; heavy imports happen inside the methods."""

    name = "numpy-mlp"

    def __init__(self) -> None:
        self.version = version(_DISTRIBUTION)

    @property
    def requirements(self) -> Sequence[str]:
        """Pinned versions of what a served model needs."""
        needed = (_DISTRIBUTION, "numpy", "scipy", "scikit-learn", "threadpoolctl")
        return tuple(f"{package}=={version(package)}" for package in needed)

    def check(self, parameters: Mapping[str, Any], data: DataDescription) -> Sequence[Problem]:
        """Return every problem of `parameters` on such data, without training."""
        from numpy_mlp.hyperparameters import RULES, problems  # imports numpy

        known = {name: value for name, value in parameters.items() if name in RULES}
        found = [
            Problem(name, unknown_name("parameter of numpy-mlp", name, RULES))
            for name in parameters
            if name not in RULES
        ]
        found += [Problem(name, message) for name, message in problems(known, data.task)]
        return [*found, *_data_problems(data)]

    def footprint(self, parameters: Mapping[str, Any], data: DataDescription) -> Footprint:
        """Return what a training with good `parameters` takes."""
        from numpy_mlp.footprint import footprint  # imports numpy

        return footprint(parameters, data)

    def build(
        self, parameters: Mapping[str, Any], task: Task, data: DataDescription, seed: int
    ) -> Estimator:
        """Return an untrained `MLPClassifier` or `MLPRegressor`."""
        from numpy_mlp.estimators import MLPClassifier, MLPRegressor  # imports numpy

        del data  # the network takes its sizes from the arrays it is trained on
        kind = MLPClassifier if task == "classification" else MLPRegressor
        return kind(**parameters, random_state=seed)

    def load(self, folder: Path) -> Estimator:
        """Return the trained estimator that `save` wrote into `folder`."""
        from numpy_mlp.model_files import load_model  # imports numpy

        return load_model(folder)


def _data_problems(data: DataDescription) -> list[Problem]:
    found = []
    if data.task == "classification" and len(data.classes) < 2:
        found.append(
            Problem(
                "dataset",
                f"must hold at least two classes, but {data.name} holds {len(data.classes)}",
            )
        )
    if data.n_train < 1 or 0 in data.sample_shape:
        found.append(Problem("dataset", f"must not be empty, but {data.name} is"))
    if data.dtype.startswith(("complex", "str", "<U", "|S", "object", "datetime")):
        found.append(
            Problem(
                "dataset", f"must hold real numbers, but the type of {data.name} is {data.dtype}"
            )
        )
    return found


plugin = NumpyMLPPlugin()
