"""MLPClassifier and MLPRegressor: the network behind scikit-learn's contract and Gridwright's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from numpy_mlp.base import BaseMLP
from numpy_mlp.errors import DataError
from numpy_mlp.outputs import Linear, Softmax
from numpy_mlp.scaling import Scaler

if TYPE_CHECKING:
    from gridwright.contract import Array, Float64Array


class MLPClassifier(ClassifierMixin, BaseMLP):  # type: ignore[misc]  # scikit-learn ships no types
    """Multi-layer perceptron with a softmax output; parameters as `BaseMLP` lists them.

    Attributes:
        classes_: the labels, sorted; columns of `predict_proba` are in this order.
        history_: loss and accuracy of each epoch `(n_epochs, 2)`; what they mean, `history` says.
        validation_history_: the same for the validation part, None without one.
        network_: the trained `Network`; `coefs_` and `intercepts_` are views of it.
    """

    _task = "classification"
    _output = Softmax()

    def partial_fit(
        self,
        x: Array,
        y: Array,
        classes: Array | None = None,
        sample_weight: Array | None = None,
    ) -> Self:
        """Train one epoch on a part of the data, going on from where the network is.

        The scaling is that of the first part, and stays.

        Args:
            x: `(n, n_features)`.
            y: `(n,)`.
            classes: every label that will ever come; needed by the first call.
            sample_weight: `(n,)`.
        """
        first = not hasattr(self, "network_")
        if first and classes is None:
            raise DataError("the first call of partial_fit needs `classes`: every label to come")
        labels = None if classes is None else np.unique(np.asarray(classes))
        if not first and labels is not None and not np.array_equal(labels, self.classes_):
            raise DataError(
                f"classes {labels.tolist()} are not those of the first call, "
                f"{self.classes_.tolist()}"
            )
        return self._partial_fit(x, y, sample_weight, first=first, labels=labels)

    def _checked_target(self, y: Array) -> Array:
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        return y

    def _learn_target(self, y: Array, weight: Array | None) -> None:  # noqa: ARG002  # fixed signature
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise DataError(
                "a classification needs at least two classes, but y holds one class: "
                f"{self.classes_.tolist()[0]!r}"
            )
        self.n_outputs_ = len(self.classes_)

    def _encode_target(self, y: Array, part: str) -> Array:
        unseen = np.setdiff1d(y, self.classes_)
        if len(unseen):
            raise DataError(
                f"{part} labels {unseen.tolist()} are not among the classes "
                f"{self.classes_.tolist()}"
            )
        codes = np.searchsorted(self.classes_, y)
        return codes.astype(np.min_scalar_type(len(self.classes_) - 1))

    def predict_proba(self, x: Array) -> Float64Array:
        """Return the probability of each class `(n, n_classes)`, columns as `classes_`."""
        return self._raw_predictions(x)

    def predict_log_proba(self, x: Array) -> Float64Array:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithm: Float64Array = np.log(self.predict_proba(x))
        return logarithm

    def predict(self, x: Array) -> Array:
        """Return the most probable label of each row `(n,)`."""
        most_probable = self._raw_predictions(x).argmax(axis=1)
        labels: Array = self.classes_[most_probable]
        return labels

    def score(self, x: Array, y: Array, sample_weight: Array | None = None) -> float:
        """Return the accuracy."""
        return float(accuracy_score(y, self.predict(x), sample_weight=sample_weight))


class MLPRegressor(RegressorMixin, BaseMLP):  # type: ignore[misc]  # scikit-learn ships no types
    """Multi-layer perceptron with a linear output; parameters as `BaseMLP` lists them.

    Targets are scaled as the features are (section 3 of the paper); losses are those of the scaled
    targets, scores and predictions those of the given ones.

    Attributes:
        target_scaler_: of the targets.
        history_: loss and R2 of each epoch `(n_epochs, 2)`; what they mean, `history` says.
        validation_history_: the same for the validation part, None without one.
        network_: the trained `Network`; `coefs_` and `intercepts_` are views of it.
    """

    _task = "regression"
    _output = Linear()

    def partial_fit(self, x: Array, y: Array, sample_weight: Array | None = None) -> Self:
        """Train one epoch on a part of the data, going on from where the network is.

        The scaling of features and targets is that of the first part, and stays.
        """
        return self._partial_fit(x, y, sample_weight, first=not hasattr(self, "network_"))

    def _checked_target(self, y: Array) -> Array:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return y.astype(np.float64)

    def _learn_target(self, y: Array, weight: Array | None) -> None:
        self._columns = y.ndim == 2
        table = y.reshape(len(y), -1)
        self.n_outputs_ = table.shape[1]
        self.target_scaler_ = Scaler.fit(table, weight)

    def _encode_target(self, y: Array, part: str) -> Array:
        table = y.reshape(len(y), -1)
        if table.shape[1] != self.n_outputs_:
            raise DataError(
                f"{part} targets have {table.shape[1]} columns, but the network {self.n_outputs_}"
            )
        scaled = np.empty(table.shape)
        self.target_scaler_.transform(table, scaled)
        return scaled

    def predict(self, x: Array) -> Float64Array:
        """Return the predicted values `(n,)`, or `(n, n_outputs)` if trained on such targets."""
        scaled = self._raw_predictions(x)
        values = self.target_scaler_.inverse(scaled)
        return values if self._columns else values[:, 0]

    def score(self, x: Array, y: Array, sample_weight: Array | None = None) -> float:
        """Return R2, the mean over the outputs."""
        return float(r2_score(y, self.predict(x), sample_weight=sample_weight))
