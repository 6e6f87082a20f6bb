"""The estimator of a trial: an object of scikit-learn behind Gridwright's contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import ConfigurationError
from gridwright_sklearn import building, catalogue, measures, training
from gridwright_sklearn.curves import Curves

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gridwright.contract import Array, DataDescription, OnEpoch, Task
    from gridwright_sklearn.catalogue import Entry
    from gridwright_sklearn.settings import Settings

# Exact in single precision, which halves the memory of pictures.
_SMALL = ("bool", "uint8", "int8", "uint16", "int16", "float16", "float32")


class SklearnModel:
    """A classifier or regressor of scikit-learn, with the scaling of its inputs and targets.

    Samples of any shape are flattened to columns. Build one by `untrained`, or by
    `model_files.read`.

    Attributes:
        entry: the class on the list.
        task: what is predicted.
        model: the object of scikit-learn.
        classes: all labels, sorted, in their natural type; empty for a regression.
        n_outputs: columns of the target of a regression.
        dtype: numpy's name of the type in which scikit-learn sees the columns.
        column_scaler: a `StandardScaler`, or None.
        target_scaler: the same for the targets.
    """

    def __init__(
        self,
        entry: Entry,
        task: Task,
        model: Any,
        *,
        classes: Array,
        n_outputs: int,
        dtype: str,
        column_scaler: Any = None,
        target_scaler: Any = None,
    ) -> None:
        self.entry = entry
        self.task = task
        self.classes = classes
        self.n_outputs = n_outputs
        self.dtype = dtype
        self.model = model
        self.column_scaler = column_scaler
        self.target_scaler = target_scaler

    @classmethod
    def untrained(
        cls, settings: Settings, task: Task, data: DataDescription, seed: int
    ) -> SklearnModel:
        """Return an untrained model of settings that have no problems.

        Raises:
            ConfigurationError: the estimator is not on the list.
        """
        from sklearn.preprocessing import StandardScaler

        entry = catalogue.find(settings.estimator, task)
        if entry is None:
            raise ConfigurationError(catalogue.objection(settings.estimator))
        return cls(
            entry,
            task,
            building.assemble(entry, settings, task, data.n_outputs, seed),
            classes=np.array(data.classes),
            n_outputs=data.n_outputs,
            dtype="float32" if data.dtype in _SMALL else "float64",
            column_scaler=StandardScaler() if settings.scales_columns(entry) else None,
            target_scaler=StandardScaler() if settings.scales_target(entry, task) else None,
        )

    def fit(
        self,
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> None:
        """Train on samples `x (n, ...)` and labels or values `y`; see `training` for the steps.

        Raises:
            TrainingDiverged: numbers have left their range.
            ConfigurationError: scikit-learn refuses the arguments or the data.
        """
        y = np.asarray(y)
        if self.column_scaler is not None:
            self.column_scaler.fit(self._columns(x))
        parts = [(x, y)] if validation is None else [(x, y), validation]
        curves = Curves(
            [self._inputs(samples) for samples, _ in parts],
            [self._measure(np.asarray(targets)) for _, targets in parts],
            on_epoch,
            classifies=self.task == "classification",
        )
        building.use_threads(self.model, self.entry, building.allowed_threads())
        classes = self.classes if self.task == "classification" else None
        training.train(self.model, self._scaled_targets(y), classes, curves)

    def predict(self, x: Array) -> Array:
        """Return the labels of the largest probabilities `(n,)`, or values in the shape of y."""
        outputs = self._outputs(training.predict(self.model, self._inputs(x)))
        if self.task == "regression":
            return outputs
        labels: Array = self.classes[outputs.argmax(axis=1)]
        return labels

    def predict_proba(self, x: Array) -> Array:
        """Return probabilities `(n, n_classes)`, columns in the order of `classes`."""
        if self.task == "regression":
            raise ConfigurationError("a regression has no probabilities: use predict")
        return self._outputs(training.predict(self.model, self._inputs(x)))

    def score(self, x: Array, y: Array) -> float:
        """Return the accuracy, or R2."""
        predicted = training.predict(self.model, self._inputs(x))
        return self._measure(np.asarray(y))(predicted)[1]

    def save(self, folder: Path) -> None:
        """Write the trained model into an existing folder, without pickle."""
        from gridwright_sklearn import model_files

        # A server decides on its own threads.
        building.use_threads(self.model, self.entry, None)
        model_files.write(self, folder)

    def _columns(self, x: Array) -> Array:
        return np.asarray(x).reshape(len(x), -1).astype(self.dtype)

    def _inputs(self, x: Array) -> Array:
        columns = self._columns(x)
        if self.column_scaler is None:
            return columns
        scaled: Array = self.column_scaler.transform(columns)
        return scaled

    def _scaled_targets(self, y: Array) -> Array:
        if self.target_scaler is None:
            return y
        scaled: Array = self.target_scaler.fit_transform(y.reshape(len(y), -1))
        return scaled.reshape(y.shape)

    def _measure(self, y: Array) -> Callable[[Array], tuple[float, float]]:
        """Return the function that measures raw predictions for the targets y."""
        if self.task == "regression":
            return lambda raw: measures.of_values(self._outputs(raw), y)
        codes = np.searchsorted(self.classes, y)
        return lambda raw: measures.of_probabilities(self._outputs(raw), codes)

    def _outputs(self, raw: Array) -> Array:
        """Return raw predictions with a column for every class, or in the unit of the targets."""
        if self.task == "classification":
            return self._all_columns(raw)
        values = raw.reshape(len(raw), -1)
        if self.target_scaler is not None:
            values = self.target_scaler.inverse_transform(values)
        return values[:, 0] if self.n_outputs == 1 else values

    def _all_columns(self, probabilities: Array) -> Array:
        seen = self.model.classes_
        if len(seen) == len(self.classes):
            return probabilities
        # The training part lacked a class.
        columns = np.zeros((len(probabilities), len(self.classes)), probabilities.dtype)
        columns[:, np.searchsorted(self.classes, seen)] = probabilities
        return columns
