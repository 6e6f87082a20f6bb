"""The entry point `sklearn` of `gridwright.models`."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import DataDescription, Problem, Task
    from gridwright_sklearn.model import SklearnModel

_DISTRIBUTION = "gridwright-sklearn"


class SklearnPlugin:
    """The estimators of scikit-learn as a model plugin; heavy imports happen inside the methods.

    Attributes:
        name: what `model=<name>` chooses.
        version: of this package and of scikit-learn, whose every release may train to another
            model.
    """

    name = "sklearn"

    def __init__(self) -> None:
        self.version = f"{version(_DISTRIBUTION)}+sklearn.{version('scikit-learn')}"

    @property
    def requirements(self) -> Sequence[str]:
        """Pinned versions of what a served model needs."""
        needed = (_DISTRIBUTION, "numpy", "scikit-learn", "scipy", "skops", "threadpoolctl")
        return tuple(f"{package}=={version(package)}" for package in needed)

    def check(self, parameters: Mapping[str, Any], data: DataDescription) -> Sequence[Problem]:
        """Return every problem of `parameters` on such data, without training."""
        from gridwright_sklearn.checking import problems

        return problems(parameters, data)

    def build(
        self, parameters: Mapping[str, Any], task: Task, data: DataDescription, seed: int
    ) -> SklearnModel:
        """Return an untrained model."""
        from gridwright_sklearn.checking import settings
        from gridwright_sklearn.model import SklearnModel

        return SklearnModel.untrained(settings(parameters), task, data, seed)

    def load(self, folder: Path) -> SklearnModel:
        """Return the trained model that `save` wrote into `folder`.

        Raises:
            ModelFileError: a file is missing, altered, from another version, or of foreign types.
        """
        from gridwright_sklearn.model_files import read

        return read(folder)


plugin = SklearnPlugin()
