"""The state of a training in a folder, so that another process goes on with it; no pickle."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import ModelFileError
from gridwright.model_files import ModelFormat
from numpy_mlp.optimizers import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Array
    from numpy_mlp.history import History
    from numpy_mlp.training import Trainer

FORMAT: Final = ModelFormat("numpy-mlp training", version=1, content_file="state.npz")


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that decides the epochs to come, and the epochs that were.

    Attributes:
        arrays: `parameters`, the optimizer's `memory_<i>`, `training` and `validation` histories
            `(n_epochs, 2)`, and, where the training may stop early, its `best` parameters.
        steps: of the optimizer.
        rng: state of the random generator, as numpy gives it.
        waited: epochs without an improvement.
        best_loss: of early stopping; None without.
    """

    arrays: Mapping[str, Array]
    steps: int
    rng: Mapping[str, Any]
    waited: int = 0
    best_loss: float | None = None

    @classmethod
    def of(cls, trainer: Trainer, history: History) -> TrainingState:
        """Return the state of a training between two epochs."""
        arrays = {"parameters": trainer.network.parameters}
        arrays |= {f"memory_{i}": memory for i, memory in enumerate(trainer.state.memories)}
        arrays["training"] = np.array(history.training)
        arrays["validation"] = np.array(history.validation).reshape(-1, 2)
        stopping = history.stopping
        if stopping is not None:
            arrays["best"] = stopping.best
        return cls(
            arrays,
            trainer.state.steps,
            trainer.rng.bit_generator.state,
            waited=0 if stopping is None else stopping.waited,
            best_loss=None if stopping is None else stopping.best_loss,
        )

    def give(self, trainer: Trainer, history: History) -> None:
        """Have a training that has not begun go on after this state's last epoch.

        Raises:
            ModelFileError: it is the training of another network, or by another optimizer.
        """
        memories = [array for name, array in self.arrays.items() if name.startswith("memory_")]
        taken = [trainer.network.parameters, *trainer.state.memories]
        given = [self.arrays["parameters"], *memories]
        if [one.shape for one in taken] != [one.shape for one in given]:
            raise ModelFileError("the state of the training belongs to another network")
        for mine, its in zip(taken, given, strict=True):
            mine[...] = its
        trainer.state = State(trainer.state.memories, self.steps)
        trainer.rng.bit_generator.state = dict(self.rng)
        history.training[:] = map(tuple, self.arrays["training"].tolist())
        history.validation[:] = map(tuple, self.arrays["validation"].tolist())
        trainer.epochs_done = len(history.training)
        if history.stopping is not None and self.best_loss is not None:
            history.stopping.take_up(self.arrays["best"], self.best_loss, self.waited)


def write(state: TrainingState, folder: Path) -> None:
    """Write the state into an existing folder."""
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **state.arrays)
    document = {
        "steps": state.steps,
        "rng": state.rng,
        "waited": state.waited,
        "best_loss": state.best_loss,
    }
    FORMAT.seal(Path(folder), document, archive.getvalue())


def read(folder: Path) -> TrainingState:
    """Return the state that `write` has stored.

    Raises:
        ModelFileError: a file is missing, altered, cut short, or from another version.
    """
    document, archive = FORMAT.open(Path(folder))
    with np.load(io.BytesIO(archive), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    return TrainingState(arrays, **document)
