"""CNN, the class of section 3.2 of the paper, which is also the estimator of a trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import ConfigurationError, DatasetError, unknown_name
from keras_cnn import architecture as architectures
from keras_cnn import (
    checkpoint_files,
    fitting,
    keras_names,
    model_files,
    parameters,
    runtime,
    settings,
)
from keras_cnn.architecture import Output
from keras_cnn.large_arrays import LARGE, as_float32, pieces, rows_scored
from keras_cnn.lending import LentNetwork
from keras_cnn.memory import out_of_memory_named
from keras_cnn.precision import full_float32
from keras_cnn.targets import Targets, class_targets, description, value_targets
from keras_cnn.training import Training

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import Array, DataDescription, Float64Array, OnEpoch, Task
    from keras_cnn.architecture import Layer
    from keras_cnn.checkpoint_files import TrainingState

_UNTRAINED = "the network is not trained yet: call fit first"


class CNN:
    """A network of Keras layers with the same face as the paper's MLP.

    Encoding of labels, scaling of inputs and of regression targets, the channel axis of grey
    pictures, and the output layer (where the list ends in a hidden one) are done by the class.

    Args:
        architecture: list of Keras layers, or of entries as in `keras_cnn.architecture`. Keras
            layers are templates: every `fit` trains fresh copies of them.
        epochs: passes over the training part.
        batch_size: samples in one step of the optimizer.
        optimizer: Keras's name (`adam`), a mapping with its arguments (`{name: sgd, momentum:
            0.9}`), or a Keras optimizer, of which every `fit` uses a fresh copy.
        loss: the same for losses; None takes sparse categorical cross-entropy or the mean
            squared error.
        metrics: further Keras metrics; they appear where `verbose` prints.
        task: `classification` or `regression`.
        verbose: what Keras prints: 0 nothing, 1 a bar, 2 a line for each epoch.
        learning_rate: a number, a schedule as in `keras_cnn.schedules`, or None for the optimizer's
            own.
        early_stopping: arguments of Keras's `EarlyStopping`, `{patience: 5}` or more; it watches
            `val_loss`, or `loss` without a validation part.
        class_weight: `balanced`, or label -> weight in the loss of the training.
        precision: Keras's dtype policy, such as `mixed_bfloat16`.
        seed: makes the training repeatable; None leaves the generators as they are.
        classes: all labels, where the training part may lack one.
    """

    def __init__(  # noqa: PLR0917 - the paper's parameters, in the paper's order
        self,
        architecture: Sequence[Any],
        epochs: int = 10,
        batch_size: int = 128,
        optimizer: Any = "adam",
        loss: Any = None,
        metrics: Sequence[Any] = (),
        task: Task = "classification",
        verbose: int = 0,
        *,
        learning_rate: Any = None,
        early_stopping: Mapping[str, Any] | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        precision: str = "float32",
        seed: int | None = None,
        classes: Sequence[Any] | None = None,
    ) -> None:
        self.architecture = architecture
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.task = task
        self.verbose = verbose
        self.learning_rate = learning_rate
        self.seed = seed
        self.classes = classes
        self.early_stopping = early_stopping
        self.class_weight = class_weight
        self.precision = precision
        #: Whether a network may be the one of an earlier CNN that is gone; the plugin says so.
        self.shares_networks = False
        self._lent: LentNetwork | None = None
        self._targets: Targets | None = None
        self._training: Training | None = None
        self._checkpoint: TrainingState | None = None

    @property
    def network(self) -> Any:
        """The Keras model; None before `fit`."""
        return None if self._lent is None else self._lent.network

    @property
    def targets(self) -> Targets:
        """The encoding of the targets; known once `fit` has seen some."""
        if self._targets is None:
            raise ConfigurationError(_UNTRAINED)
        return self._targets

    def fit(
        self,
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None = None,
        on_epoch: OnEpoch | None = None,
        **keras_fit_arguments: Any,
    ) -> Float64Array | tuple[Float64Array, Float64Array]:
        """Train on samples `x (n, *sample_shape)` and targets `y (n,)` or `(n, n_outputs)`.

        Args:
            x: raw samples.
            y: class labels of any type, or numbers.
            validation: samples and targets that are scored after each epoch; Keras's name for
                it, `validation_data`, is understood, too.
            on_epoch: called after each epoch; returning True stops the training.
            **keras_fit_arguments: passed to `keras.Model.fit`.

        Returns:
            Loss and score after each epoch, `(n_epochs, 2)`; with a validation part, the pair
            of this array and that of the validation part.

        Raises:
            ConfigurationError: parameters that are wrong or do not fit the data.
            DatasetError: samples or targets that are not finite numbers, or of a wrong shape.
            TrainingDiverged: the loss is no longer finite.
            OutOfMemory: the network or a batch of it does not fit.
        """
        x, y = _numbers(x), np.asarray(y)
        self._targets = self._encoding(y)
        data = description(self.task, x, self._targets)
        self._check(data)
        given = dict(keras_fit_arguments)
        scored: Sequence[Any] | None = given.pop("validation_data", validation)
        if scored is not None:
            scored = (_numbers(scored[0]), *map(np.asarray, scored[1:]))
        layers, _ = architectures.read(list(self.architecture))
        with out_of_memory_named(layers, data, given.get("batch_size", self.batch_size)):
            return self._train(layers, data, (x, y), scored, on_epoch, given)

    def _train(  # noqa: PLR0917 - what `fit` was given, checked
        self,
        layers: Sequence[Layer],
        data: DataDescription,
        parts: tuple[Array, Array],
        validation: Sequence[Any] | None,
        on_epoch: OnEpoch | None,
        given: dict[str, Any],
    ) -> Float64Array | tuple[Float64Array, Float64Array]:
        if self.seed is not None:
            runtime.seed_everything(self.seed)
        order_seed = int(np.random.randint(2**31)) if self.seed is None else self.seed  # noqa: NPY002 - the user's generator
        callbacks = given.pop("callbacks", ())
        arguments, order = fitting.arrays_and_arguments(self, parts, validation, given, order_seed)
        x, _ = parts
        n_steps = fitting.steps(len(x), self, given)
        self._lent = fitting.network_for(self, layers, Output.of(data), x, n_steps)
        validated = "validation_data" in arguments or bool(given.get("validation_split"))
        stopping = settings.keras_early_stopping(self.early_stopping, validated=validated)
        self._training = Training(self.network, order, stopping, on_epoch)
        if self._checkpoint is not None:
            self._training.take_up(self._checkpoint)
            arguments["initial_epoch"] = self._training.first_epoch(arguments["epochs"])
            self._checkpoint = None
        self.network.fit(callbacks=self._training.callbacks(callbacks), **arguments)
        history = self._training.history
        if history.validation is None:
            return history.training
        return history.training, history.validation

    def save_checkpoint(self, folder: Path) -> None:
        """Write the state of the training after the epoch that was just reported; no pickle."""
        if self._training is None:
            raise ConfigurationError("there is no training under way: call fit first")
        checkpoint_files.write(self._training.state(), Path(folder))

    def load_checkpoint(self, folder: Path) -> None:
        """Let the next `fit` go on after the last epoch of a checkpoint.

        Raises:
            ModelFileError: a file is missing, damaged, or of another version of Keras.
        """
        self._checkpoint = checkpoint_files.read(Path(folder))

    def predict(self, x: Array) -> Array:
        """Return class labels `(n,)`, or values `(n,)` or `(n, n_outputs)`."""
        return self.targets.decode(self._outputs(x))

    def predict_proba(self, x: Array) -> Array:
        """Return probabilities `(n, n_classes)`, columns in the order of the sorted labels."""
        if self.task != "classification":
            raise ConfigurationError("a regression has no probabilities: use predict")
        return self._outputs(x)

    def score(self, x: Array, y: Array) -> float:
        """Return the accuracy, or R2 (the mean over the columns) for a regression."""
        predicted, y = self.predict(x), np.asarray(y)
        if self.task == "classification":
            return float(np.mean(predicted == y.reshape(-1)))
        residual = np.sum((y - predicted) ** 2, axis=0, dtype=np.float64)
        total = np.sum((y - y.mean(axis=0)) ** 2, axis=0, dtype=np.float64)
        return float(np.mean(1.0 - residual / total))

    def save(self, folder: Path) -> None:
        """Write the trained network into an existing folder: `.keras` and JSON, no pickle."""
        model_files.write(
            model_files.StoredModel(self.network, self.task, self.targets), Path(folder)
        )

    @classmethod
    def load(cls, folder: Path) -> CNN:
        """Return the trained network that `save` wrote; it predicts, but knows no parameters.

        Raises:
            ModelFileError: a file is missing, altered, from a newer version, or carries code.
        """
        stored = model_files.read(Path(folder))
        task: Task = "classification" if stored.task == "classification" else "regression"
        model = cls(architecture=(), task=task)
        model._lent = LentNetwork(stored.network)
        model._targets = stored.targets
        return model

    def _encoding(self, y: Array) -> Targets:
        if self.task not in ("classification", "regression"):
            raise ConfigurationError(
                unknown_name("task", self.task, ("classification", "regression"))
            )
        if self.task == "regression":
            return value_targets(y)
        one_hot = not keras_names.compares_codes(self.loss)
        return class_targets(y, self.classes, one_hot=one_hot)

    def _check(self, data: DataDescription) -> None:
        given = {name: getattr(self, name) for name in parameters.NAMES}
        problems = parameters.check(given, data)
        if problems:
            raise ConfigurationError(
                "; ".join(f"{problem.parameter}: {problem.message}" for problem in problems)
            )

    def _outputs(self, x: Array) -> Array:
        lent = self._lent
        if lent is None:
            raise ConfigurationError(_UNTRAINED)
        x = _numbers(x)
        expected = tuple(self.network.input_shape[1:])
        if x.shape[1:] != expected:
            raise DatasetError(
                f"samples must have the shape {expected}, but got {x.shape[1:]} in an array "
                f"{x.shape}"
            )
        if not len(x):
            return np.empty((0, *self.network.output_shape[1:]), dtype=np.float32)
        step = rows_scored(x)
        with full_float32():
            parts = [
                lent.outputs(as_float32(x[start : start + step]))
                for start in range(0, len(x), step)
            ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _numbers(x: Array) -> Array:
    """Return `x` as Keras takes it: float32, or as it is what is converted batch by batch.

    That is what consists of bytes, or is large.
    """
    x = np.asarray(x)
    if x.ndim < 2 or x.dtype.kind not in "fiub":
        raise DatasetError(
            f"samples must be numbers of shape (n, *sample_shape), but got {x.dtype} of shape "
            f"{x.shape}"
        )
    if x.dtype == np.uint8:
        return x
    if x.nbytes < LARGE:
        x = as_float32(x)
    if not all(np.isfinite(as_float32(piece)).all() for piece in pieces(x)):
        raise DatasetError("samples must be finite numbers, but there is a NaN or infinity")
    return x
