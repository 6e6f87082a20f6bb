"""The entry point `numpy-mlp` of `gridwright.models`."""

from __future__ import annotations

from importlib.metadata import version
from math import prod
from typing import TYPE_CHECKING, Any, cast

from gridwright.contract import Problem
from gridwright.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import Array, DataDescription, Estimator, Footprint, OnEpoch, Task
    from numpy_mlp.base import BaseMLP

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

    def changeable(self, parameters: Mapping[str, Any]) -> Collection[str]:
        """Return the parameters that may change between two epochs of a training."""
        from numpy_mlp.optimizers import LBFGS, optimizer  # imports numpy

        by_steps = not isinstance(optimizer(parameters["optimizer"], 0.0), LBFGS)
        return ("eta", "mu", "alpha", "batch_size", "dropout") if by_steps else ()

    def batch_key(self, parameters: Mapping[str, Any], data: DataDescription) -> str | None:
        """Return what models that train together have in common: see `together.shape_of`."""
        from numpy_mlp.estimators import MLPClassifier, MLPRegressor  # imports numpy
        from numpy_mlp.together import shape_of

        kind = MLPClassifier if data.task == "classification" else MLPRegressor
        estimator = kind(**parameters)
        if estimator.verbose:
            return None
        return shape_of(estimator.settings, data.n_train, prod(data.sample_shape))

    def fit_batch(
        self,
        estimators: Sequence[Estimator],
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None,
        on_epochs: Sequence[OnEpoch],
    ) -> Sequence[Exception | None]:
        """Train estimators of one `batch_key` as one computation."""
        from numpy_mlp.together import fit_batch  # imports numpy

        # `build` made them.
        return fit_batch(cast("Sequence[BaseMLP]", estimators), x, y, validation, on_epochs)

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
