"""The state of a training in a folder: `state.npz` and `state.json`, no pickle."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import ModelFileError
from keras_cnn import runtime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import Array

FORMAT_VERSION = 1
_ARRAYS = "state.npz"
_SETTINGS = "state.json"


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that decides the epochs to come.

    Attributes:
        epoch: how many are finished.
        stopped: whether the training has ended by itself.
        network: values of all its variables: weights, running means, random generators.
        optimizer: values of its variables: moments, number of steps, learning rate.
        order_seed: of the order of the samples.
        stopping: early stopping's counters.
        best_weights: the weights that early stopping would come back to; empty if none.
        learning_rate: the number that the training began with; None for a schedule.
    """

    epoch: int
    stopped: bool
    network: Sequence[Array]
    optimizer: Sequence[Array]
    order_seed: int
    stopping: Mapping[str, Any] = field(default_factory=dict)
    best_weights: Sequence[Array] = ()
    learning_rate: float | None = None


def write(state: TrainingState, folder: Path) -> None:
    """Write the state into an existing folder."""
    groups = {
        "network": state.network,
        "optimizer": state.optimizer,
        "best": state.best_weights,
    }
    arrays = {
        f"{group}_{position}": array
        for group, members in groups.items()
        for position, array in enumerate(members)
    }
    np.savez(folder / _ARRAYS, **arrays)  # type: ignore[arg-type]  # its stub forgets the arrays
    settings = {
        "version": FORMAT_VERSION,
        "keras": _keras(),
        "epoch": state.epoch,
        "stopped": state.stopped,
        "order_seed": state.order_seed,
        "stopping": dict(state.stopping),
        "learning_rate": state.learning_rate,
        "numbers": {group: len(members) for group, members in groups.items()},
    }
    (folder / _SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def read(folder: Path) -> TrainingState:
    """Return the state that `write` has stored.

    Raises:
        ModelFileError: a file is missing, damaged, or of another version of this or of Keras.
    """
    try:
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        found = settings["version"], settings["keras"]
        if found != (FORMAT_VERSION, _keras()):
            raise ModelFileError(f"{folder} holds a training of {found[1]}, version {found[0]}")
        # Opened here: numpy leaves a file open that turns out to be broken.
        with (
            (folder / _ARRAYS).open("rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            groups = {
                group: [archive[f"{group}_{position}"] for position in range(number)]
                for group, number in settings["numbers"].items()
            }
        return TrainingState(
            epoch=int(settings["epoch"]),
            stopped=bool(settings["stopped"]),
            network=groups["network"],
            optimizer=groups["optimizer"],
            order_seed=int(settings["order_seed"]),
            stopping=settings["stopping"],
            best_weights=groups["best"],
            learning_rate=settings.get("learning_rate"),
        )
    except (OSError, KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{folder} holds no whole state of a training: {error!r}") from error


def _keras() -> str:
    keras = runtime.keras()
    return f"Keras {keras.__version__} on {keras.backend.backend()}"
