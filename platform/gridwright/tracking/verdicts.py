"""What the best model of a sweep does with the samples that it did not train on.

Its stored copy is asked, not the estimator that was trained: the figures show what is served.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gridwright.errors import GridwrightError, PluginError
from gridwright.evaluation import predictions
from gridwright.plugins import load_model_plugin
from gridwright.tracking.manifest import FILES, read_checked
from gridwright.tracking.model_artifact import DATA, FOLDER

if TYPE_CHECKING:
    from gridwright.contract import Array, DataDescription
    from gridwright.datasets import TrialData
    from gridwright.tracking.records import FinishedRun
    from gridwright.tracking.store import Store

#: Samples that are looked at, the first ones of the part.
LIMIT = 10_000


@dataclass(frozen=True, eq=False)
class Verdicts:
    """The predictions of one model for samples with known targets.

    Attributes:
        data: description of the data.
        part: name of the part the samples are from: `test` or `validation`.
        x: the samples `(n, *sample_shape)`.
        y: their targets.
        predicted: probabilities `(n, n_classes)`, or values `(n,)` or `(n, n_outputs)`.
    """

    data: DataDescription
    part: str
    x: Array
    y: Array
    predicted: Array

    @property
    def codes(self) -> Array:
        """Index of the true class of each sample."""
        return np.searchsorted(np.asarray(self.data.classes), self.y)

    @property
    def worst(self) -> Array:
        """Rows that the model got wrong, the most confident error (or the largest) first."""
        if self.data.task == "regression":
            error = np.abs(self.predicted - self.y)
            return np.argsort(-error.reshape(len(error), -1).max(axis=1), kind="stable")
        rows = np.flatnonzero(self.predicted.argmax(axis=1) != self.codes)
        confidence = self.predicted[rows].max(axis=1)
        return rows[np.argsort(-confidence, kind="stable")]


def verdicts(store: Store, run: FinishedRun, data: TrialData) -> Verdicts | None:
    """Return what the stored model of `run` says of the test part, or of the validation part.

    None where the data has neither.

    Raises:
        ModelFileError: the stored model was altered.
        PluginError: its plugin cannot load it, or it cannot predict.
    """
    part, x, y = "test", data.x_test, data.y_test
    if x is None or y is None:
        part, x, y = "validation", data.x_validation, data.y_validation
    if x is None or y is None:
        return None
    x, y = x[:LIMIT], y[:LIMIT]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(store.client.download_artifacts(run.run_id, f"{FOLDER}/{DATA}", name))
        read_checked(folder)
        plugin = load_model_plugin(run.model)
        try:
            predicted = predictions(plugin.load(folder / FILES), x, data.description)
        except GridwrightError:
            raise
        except Exception as error:
            raise PluginError(
                f"model plugin '{run.model}' fails with what it has stored: "
                f"{type(error).__name__}: {error}"
            ) from error
        return Verdicts(data.description, part, x, y, predicted)
