"""MLP: the class of the paper's section 3.1, over the scikit-learn style estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy_mlp.errors import ParameterError
from numpy_mlp.estimators import MLPClassifier, MLPRegressor

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array, Float64Array, OnEpoch, Task

_ESTIMATORS = {"classification": MLPClassifier, "regression": MLPRegressor}


class MLP:
    """The paper's multi-layer perceptron.

    Scaling of the features (and of the targets of a regression), one-hot encoding and the output
    layer follow from `task`. Everything else is that of `MLPClassifier` and `MLPRegressor`.

    Args:
        hidden_layer: units of each hidden layer; its length is the number of hidden layers.
        activation: an instance or subclass of `Activation`, or its notation such as `ReLU`.
        epoch: number of iterations (passes over the data); `epochs`, as in the paper's listings,
            is the same.
        eta: step length, or learning rate.
        beta: multiplies the normally distributed initial weights.
        alpha: regularization coefficient.
        mu: momentum.
        batch_size: samples of a batch.
        verbose: show loss and score every so many epochs; 0 for silence.
        task: `classification` or `regression`.
        epochs: another name for `epoch`.
        options: further parameters of `MLPClassifier` and `MLPRegressor`, such as `optimizer`,
            `dropout`, `random_state`.

    Raises:
        ParameterError: an unknown task, or both `epoch` and `epochs`.

    Attributes:
        estimator: the `MLPClassifier` or `MLPRegressor` that does the work.
    """

    def __init__(  # noqa: PLR0917  # the paper's signature
        self,
        hidden_layer: Any = (64,),
        activation: Any = "ReLU",
        epoch: int | None = None,
        eta: float = 0.01,
        beta: float = 0.1,
        alpha: float = 0.0,
        mu: float = 0.9,
        batch_size: int | None = 64,
        verbose: int = 0,
        task: Task = "classification",
        *,
        epochs: int | None = None,
        **options: Any,
    ) -> None:
        if task not in _ESTIMATORS:
            raise ParameterError(f"task must be classification or regression, but got {task!r}")
        if epoch is not None and epochs is not None:
            raise ParameterError(f"give epoch or epochs, not both: got {epoch} and {epochs}")
        iterations = epoch if epochs is None else epochs
        if iterations is not None:
            options["epoch"] = iterations
        self.task = task
        self.estimator = _ESTIMATORS[task](
            hidden_layer=hidden_layer,
            activation=activation,
            eta=eta,
            beta=beta,
            alpha=alpha,
            mu=mu,
            batch_size=batch_size,
            verbose=verbose,
            **options,
        )

    def fit(
        self,
        x_train: Array,
        y_train: Array,
        validation: Any = None,
        on_epoch: OnEpoch | None = None,
    ) -> Float64Array | tuple[Float64Array, Float64Array]:
        """Train, and return the history.

        Args:
            x_train: `(n, n_features)`; images are flattened.
            y_train: `(n,)`, or `(n, n_outputs)` for a regression.
            validation: a list or tuple `[x_valid, y_valid]`.
            on_epoch: called after each epoch; True stops.

        Returns:
            (history, validation_history) if `validation` is given, else the history alone: arrays
            `(n_iterations, 2)` with the columns loss and score.

        Raises:
            TrainingDiverged: the paper's floating point overflow.
        """
        self.estimator.fit(x_train, y_train, validation, on_epoch)
        history: Float64Array = self.estimator.history_
        validation_history: Float64Array | None = self.estimator.validation_history_
        return history if validation_history is None else (history, validation_history)

    def predict(self, x: Array) -> Array:
        """Return the predicted labels or values."""
        predictions: Array = self.estimator.predict(x)
        return predictions

    def predict_proba(self, x: Array) -> Array:
        """Return class probabilities, columns in sorted order of the labels.

        Raises:
            ParameterError: the task is a regression.
        """
        if not isinstance(self.estimator, MLPClassifier):
            raise ParameterError("predict_proba needs task='classification'")
        return self.estimator.predict_proba(x)

    def score(self, x: Array, y: Array) -> float:
        """Return the accuracy of a classification, R2 of a regression."""
        return float(self.estimator.score(x, y))

    def save(self, folder: Path) -> None:
        """Write the trained model into a folder: see `model_files`."""
        self.estimator.save(folder)

    def __repr__(self) -> str:
        return f"MLP(task={self.task!r}, {repr(self.estimator).split('(', 1)[1]}"
