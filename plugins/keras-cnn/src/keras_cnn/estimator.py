"""CNN, the class of section 3.2 of the paper, which is also the estimator of a trial."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import ConfigurationError, DatasetError, unknown_name
from keras_cnn import architecture as architectures
from keras_cnn import keras_names, model_files, network, parameters, runtime, schedules
from keras_cnn.epochs import DATA_LOSS, SCORE, EpochHistory
from keras_cnn.targets import ClassTargets, Targets, class_targets, description, value_targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array, Float64Array, OnEpoch, Task

#: Rows that go through the network at once; bounds the memory of a prediction.
_PREDICTION_BATCH = 256


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
        seed: makes the training repeatable; None leaves the generators as they are.
        classes: all labels, where the training part may lack one.

    Attributes:
        network: the Keras model; None before `fit`.
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
        self.network: Any = None
        self._targets: Targets | None = None

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
        """
        x = _numbers(x)
        self._targets = self._encoding(y)
        self._check(x)
        if self.seed is not None:
            runtime.seed_everything(self.seed)
        layers, _ = architectures.read(list(self.architecture))
        output = architectures.Output.of(description(self.task, x, self._targets))
        self.network = network.build(layers, output, x)
        arguments = self._fit_arguments(validation, keras_fit_arguments)
        self._compile(ceil(len(x) / arguments["batch_size"]))
        history = EpochHistory(on_epoch)
        arguments["callbacks"] = [*arguments.get("callbacks", ()), history.callback()]
        self.network.fit(x, self._targets.encode(y), **arguments)
        if history.validation is None:
            return history.training
        return history.training, history.validation

    def predict(self, x: Array) -> Array:
        """Return class labels `(n,)`, or values `(n,)` or `(n, n_outputs)`."""
        return self._fitted_targets().decode(self._outputs(x))

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
            model_files.StoredModel(self.network, self.task, self._fitted_targets()), Path(folder)
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
        model.network = stored.network
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

    def _check(self, x: Array) -> None:
        assert self._targets is not None  # noqa: S101 - for the type checker: fit has set it
        given = {name: getattr(self, name) for name in parameters.NAMES}
        problems = parameters.check(given, description(self.task, x, self._targets))
        if problems:
            raise ConfigurationError(
                "; ".join(f"{problem.parameter}: {problem.message}" for problem in problems)
            )

    def _compile(self, steps_per_epoch: int) -> None:
        keras = runtime.keras()
        loss = network.loss(self.loss, self.task)
        metrics = [self._score_metric(), *self.metrics]
        if self.network.losses:
            # Keras adds the regularisation to the loss that it reports; a history is without it.
            metrics.append(keras.metrics.MeanMetricWrapper(loss.call, name=DATA_LOSS))
        self.network.compile(
            optimizer=network.optimizer(self.optimizer, self._learning_rate(steps_per_epoch)),
            loss=loss,
            metrics=metrics,
        )

    def _learning_rate(self, steps_per_epoch: int) -> Any:
        rate = self.learning_rate
        if not isinstance(rate, Mapping):
            return rate
        return schedules.schedule(rate, epochs=self.epochs, steps_per_epoch=steps_per_epoch)

    def _score_metric(self) -> Any:
        metrics = runtime.keras().metrics
        if isinstance(self._targets, ClassTargets):
            kind = "CategoricalAccuracy" if self._targets.one_hot else "SparseCategoricalAccuracy"
            return getattr(metrics, kind)(name=SCORE)
        return metrics.R2Score(name=SCORE)

    def _fit_arguments(
        self, validation: tuple[Array, Array] | None, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        own = {"epochs": self.epochs, "batch_size": self.batch_size, "verbose": self.verbose}
        arguments = {**own, **given}
        validation = arguments.pop("validation_data", validation)
        if validation is not None:
            x, y, *weights = validation
            encoded = self._fitted_targets().encode(y)
            arguments["validation_data"] = (_numbers(x), encoded, *weights)
        if arguments.get("class_weight") and isinstance(self._targets, ClassTargets):
            labels, weights = zip(*arguments["class_weight"].items(), strict=True)
            codes = self._targets.codes(np.array(labels)).tolist()
            arguments["class_weight"] = dict(zip(codes, weights, strict=True))
        return arguments

    def _fitted_targets(self) -> Targets:
        if self._targets is None:
            raise ConfigurationError("the network is not trained yet: call fit first")
        return self._targets

    def _outputs(self, x: Array) -> Array:
        self._fitted_targets()
        x = _numbers(x)
        expected = tuple(self.network.input_shape[1:])
        if x.shape[1:] != expected:
            raise DatasetError(
                f"samples must have the shape {expected}, but got {x.shape[1:]} in an array "
                f"{x.shape}"
            )
        if not len(x):
            return np.empty((0, *self.network.output_shape[1:]), dtype=np.float32)
        parts = (
            self.network.predict_on_batch(x[start : start + _PREDICTION_BATCH])
            for start in range(0, len(x), _PREDICTION_BATCH)
        )
        return np.concatenate(list(parts))


def _numbers(x: Array) -> Array:
    """Return `x` as Keras takes it: bytes as they are (converted batch by batch), else float32."""
    x = np.asarray(x)
    if x.ndim < 2 or x.dtype.kind not in "fiub":
        raise DatasetError(
            f"samples must be numbers of shape (n, *sample_shape), but got {x.dtype} of shape "
            f"{x.shape}"
        )
    if x.dtype == np.uint8:
        return x
    x = x.astype(np.float32, copy=False)
    if not np.isfinite(x).all():
        raise DatasetError("samples must be finite numbers, but there is a NaN or infinity")
    return x
