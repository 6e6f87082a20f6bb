"""What classifier and regressor share: parameters, checks of the data, training, prediction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from gridwright.errors import ModelFileError
from numpy_mlp import checkpoint_files
from numpy_mlp.blas import blas_threads
from numpy_mlp.checkpoint_files import TrainingState
from numpy_mlp.errors import DataError, ParameterError
from numpy_mlp.history import History
from numpy_mlp.hyperparameters import RULES, Settings, resolve
from numpy_mlp.lbfgs import train_lbfgs
from numpy_mlp.network import Network, Workspace
from numpy_mlp.optimizers import LBFGS
from numpy_mlp.samples import Samples
from numpy_mlp.scaling import Scaler
from numpy_mlp.stopping import EarlyStopping
from numpy_mlp.training import Trainer
from numpy_mlp.weighting import usable_rows, without_repeats

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Array, EpochRecord, Float64Array, OnEpoch, Task
    from numpy_mlp.optimizers import State
    from numpy_mlp.outputs import Output

#: Rows that are predicted at a time.
_PREDICT_ROWS = 1024


@dataclass(frozen=True)
class Training:
    """A training of a new network, ready to start.

    Attributes:
        settings: what the hyperparameters stand for.
        rng: draws the order of the samples and the dropout masks.
        samples: to train on.
        validation: only ever scored, None without.
        history: hears of each epoch.
    """

    settings: Settings
    rng: np.random.Generator
    samples: Samples
    validation: Samples | None
    history: History


class BaseMLP(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A network with its scaling, to be completed by a task.

    Args:
        hidden_layer: units of each hidden layer; none at all makes a linear model.
        activation: `Sigmoid`, `Tanh`, `ReLU`, `LeakyReLU(0.1)`, a mapping such as
            `{name: LeakyReLU, slope: 0.1}`, or an `Activation`.
        epoch: passes over the training data.
        eta: learning rate (step length).
        beta: standard deviation of the initial weights, for `initializer="Normal"`.
        alpha: weight decay: adds (alpha / 2) sum ||W||_F^2 over the weights to the loss.
        mu: momentum, for the optimizers `Momentum` and `Nesterov`.
        batch_size: samples of a step; None for all of them.
        optimizer: `GradientDescent`, `Momentum`, `Nesterov`, `Adagrad`, `AdaDelta`, `RMSProp`,
            `Adam` or `LBFGS`, numbers in brackets as in `Adam(beta_1=0.8)`.
        loss: `CrossEntropy`, `MSE`, `MAE` or `EpsilonInsensitive(0.1)`; None for cross-entropy in a
            classification and MSE in a regression.
        initializer: `Normal`, `He` or `Glorot`.
        dropout: probability with which a hidden unit is left out of a training step.
        schedule: factor on eta by epoch: `Constant`, `StepDecay(rate=0.1, every=30)`,
            `ExponentialDecay(0.99)`, `InverseTimeDecay(0.01)`, `CosineDecay`.
        patience: epochs without a better loss (of the validation part, where one is given) after
            which training stops and the best parameters are kept; None for never.
        tolerance: what counts as better.
        dtype: of the parameters and of training: `float32` or `float64`.
        threads: that BLAS may use; the default 1 is fastest for networks of this size, and the
            same seed then gives the same bits on any machine of the kind.
        verbose: print every so many epochs; 0 for silence.
        random_state: seed of weights, order of samples and dropout.
    """

    _task: Task
    _output: Output
    history_: Float64Array
    validation_history_: Float64Array | None
    #: Optimizer state, random generator and epochs so far of `partial_fit`.
    _progress: tuple[State, np.random.Generator, int] | None
    #: The training under way, whose state a checkpoint holds; None outside of `fit`.
    _under_way: tuple[Trainer, History] | None = None
    #: A checkpoint that the next `fit` goes on from.
    _checkpoint: TrainingState | None = None

    def __init__(  # noqa: PLR0917  # the paper calls it with positions
        self,
        hidden_layer: Any = (64,),
        activation: Any = "ReLU",
        epoch: int = 100,
        eta: float = 0.01,
        beta: float = 0.1,
        alpha: float = 0.0,
        mu: float = 0.9,
        batch_size: int | None = 64,
        optimizer: Any = "Momentum",
        loss: Any = None,
        initializer: Any = "Normal",
        dropout: float = 0.0,
        schedule: Any = "Constant",
        patience: int | None = None,
        tolerance: float = 1e-4,
        dtype: str = "float32",
        threads: int | None = 1,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer = hidden_layer
        self.activation = activation
        self.epoch = epoch
        self.eta = eta
        self.beta = beta
        self.alpha = alpha
        self.mu = mu
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.loss = loss
        self.initializer = initializer
        self.dropout = dropout
        self.schedule = schedule
        self.patience = patience
        self.tolerance = tolerance
        self.dtype = dtype
        self.threads = threads
        self.verbose = verbose
        self.random_state = random_state

    @property
    def settings(self) -> Settings:
        """What the hyperparameters stand for.

        Raises:
            ParameterError: one of them cannot be used.
        """
        return resolve({name: getattr(self, name) for name in RULES}, self._task)

    # -- what the two tasks do differently --------------------------------------------------

    def _checked_target(self, y: Array) -> Array:
        raise NotImplementedError

    def _learn_target(self, y: Array, weight: Array | None) -> None:
        raise NotImplementedError

    def _encode_target(self, y: Array, part: str) -> Array:
        raise NotImplementedError

    # -- training ----------------------------------------------------------------------------

    def fit(
        self,
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None = None,
        on_epoch: OnEpoch | None = None,
        sample_weight: Array | None = None,
    ) -> Self:
        """Train from new weights.

        Args:
            x: `(n, n_features)`, or more dimensions (images), which are flattened.
            y: `(n,)`, or `(n, n_outputs)` for a regression.
            validation: (x, y) to score after each epoch; never trained on.
            on_epoch: called with an `EpochRecord` after each epoch; True stops.
            sample_weight: `(n,)`, not negative. A weight of 0 leaves a sample out. When one batch
                holds all samples, a weight of k is k copies, bit for bit.

        Raises:
            ParameterError: a hyperparameter cannot be used.
            ValueError: the data cannot be used.
            TrainingDiverged: the loss or the weights are no longer finite.
        """
        training = self.begin(x, y, validation, on_epoch, sample_weight)
        settings, history = training.settings, training.history
        with blas_threads(settings.threads):
            if isinstance(settings.plan.optimizer, LBFGS):
                train_lbfgs(
                    self.network_,
                    training.samples,
                    settings.plan,
                    method=settings.plan.optimizer,
                    history=history,
                    validation=training.validation,
                )
            else:
                self._train_by_steps(training)
        self.end(training)
        return self

    def _train_by_steps(self, training: Training) -> None:
        plan, history = training.settings.plan, training.history
        trainer = Trainer(self.network_, plan, training.rng)
        state, self._checkpoint = self._checkpoint, None
        if state is not None:
            state.give(trainer, history)
        ended = history.stopping is not None and history.stopping.ended
        self._under_way = trainer, history
        try:
            left = 0 if ended else max(0, plan.epochs - trainer.epochs_done)
            trainer.fit(training.samples, history, training.validation, left)
        finally:
            self._under_way = None

    def save_checkpoint(self, folder: Path) -> None:
        """Write the state of the training after the epoch that was just reported; no pickle.

        Raises:
            ModelFileError: there is none, or it is a training by L-BFGS, which scipy begins anew.
        """
        if self._under_way is None:
            raise ModelFileError("there is no training under way that another one can go on with")
        checkpoint_files.write(TrainingState.of(*self._under_way), folder)

    def load_checkpoint(self, folder: Path) -> None:
        """Let the next `fit` go on after the last epoch of a checkpoint.

        Raises:
            ModelFileError: a file is missing, altered, or of another version.
        """
        self._checkpoint = checkpoint_files.read(folder)

    def begin(
        self,
        x: Array,
        y: Array,
        validation: tuple[Array, Array] | None = None,
        on_epoch: OnEpoch | None = None,
        sample_weight: Array | None = None,
    ) -> Training:
        """Return what the training of a new network needs; `fit` says what raises, and when."""
        settings = self.settings
        x, y = self._checked_data(x, y)
        x, y, weight = usable_rows(x, y, sample_weight)
        if len(x) <= settings.plan.batch_size:
            x, y, weight = without_repeats(x, y, weight)
        self._learn_target(y, weight)
        rng = self._generator()
        self.scaler_ = Scaler.fit(x, weight)
        self.network_ = self._new_network(settings, rng)
        self._progress = None
        return Training(
            settings,
            rng,
            samples=self._samples(settings, x, y, weight, "training"),
            validation=None if validation is None else self._validation(settings, validation),
            history=self._history(settings, on_epoch),
        )

    def end(self, training: Training) -> None:
        """Take over what a training has brought."""
        if training.history.stopping is not None:
            training.history.stopping.restore()
        self._keep(training.history)

    def _partial_fit(
        self,
        x: Array,
        y: Array,
        sample_weight: Array | None,
        *,
        first: bool,
        labels: Array | None = None,
    ) -> Self:
        settings = self.settings
        if isinstance(settings.plan.optimizer, LBFGS):
            raise ParameterError("partial_fit needs an optimizer of single steps, not LBFGS")
        x, y = self._checked_data(x, y, reset=first)
        x, y, weight = usable_rows(x, y, sample_weight)
        rng = self._generator()
        if first:
            self._learn_target(y if labels is None else labels, weight)
            self.scaler_ = Scaler.fit(x, weight)
            self.network_ = self._new_network(settings, rng)
            self._progress = None
        state, rng, done = self._progress or (None, rng, 0)
        samples = self._samples(settings, x, y, weight, "training")
        history = self._history(settings, None, watch=False)
        trainer = Trainer(self.network_, settings.plan, rng, state, epochs_done=done)
        with blas_threads(settings.threads):
            trainer.fit(samples, history, epochs=1)
        self._progress = (trainer.state, trainer.rng, trainer.epochs_done)
        self._keep(history, more=not first)
        return self

    def _generator(self) -> np.random.Generator:
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return np.random.default_rng(seed)

    def _new_network(self, settings: Settings, rng: np.random.Generator) -> Network:
        network = self._empty_network(settings)
        network.initialize(settings.initializer, rng)
        return network

    def _empty_network(self, settings: Settings) -> Network:
        return Network(
            sizes=(self.n_features_in_, *settings.hidden, self.n_outputs_),
            activation=settings.activation,
            output=self._output,
            loss=settings.loss,
            alpha=settings.alpha,
            dropout=settings.dropout,
            dtype=settings.dtype,
        )

    def _samples(
        self, settings: Settings, x: Array, y: Array, weight: Array | None, part: str
    ) -> Samples:
        target = self._encode_target(y, part)
        if target.ndim == 2:
            target = target.astype(settings.dtype)
        if weight is not None:
            weight = (weight / weight.mean()).astype(settings.dtype)
        return Samples(
            x,
            target,
            n_outputs=self.n_outputs_,
            scaler=self.scaler_,
            dtype=settings.dtype,
            weight=weight,
        )

    def _validation(self, settings: Settings, validation: tuple[Array, Array]) -> Samples:
        try:
            x, y = validation
        except (TypeError, ValueError):
            raise DataError("validation must be a pair (x, y)") from None
        x, y = self._checked_data(x, y, reset=False)
        return self._samples(settings, x, y, None, "validation")

    def _history(
        self, settings: Settings, on_epoch: OnEpoch | None, *, watch: bool = True
    ) -> History:
        stopping = None
        if watch and settings.plan.patience is not None:
            stopping = EarlyStopping(
                settings.plan.patience, settings.plan.tolerance, self.network_.parameters
            )
        return History(on_epoch=self._reporting(on_epoch), stopping=stopping)

    def _reporting(self, on_epoch: OnEpoch | None) -> OnEpoch | None:
        if not self.verbose:
            return on_epoch

        def report(record: EpochRecord) -> bool | None:
            if record.epoch % self.verbose == 0:
                text = f"epoch {record.epoch}: loss {record.loss:.4f}, score {record.score:.4f}"
                if record.val_loss is not None:
                    text += f", val_loss {record.val_loss:.4f}, val_score {record.val_score:.4f}"
                print(text)  # noqa: T201  # what `verbose` asks for
            return None if on_epoch is None else on_epoch(record)

        return report

    def _keep(self, history: History, *, more: bool = False) -> None:
        training = np.array(history.training)
        self.history_ = np.vstack([self.history_, training]) if more else training
        self.validation_history_ = np.array(history.validation) if history.validation else None
        self.n_iter_ = len(self.history_)
        self.loss_ = float(self.history_[-1, 0])

    # -- data --------------------------------------------------------------------------------

    def _checked_data(self, x: Array, y: Array, *, reset: bool = True) -> tuple[Array, Array]:
        x, y = validate_data(
            self, _flattened(x), y, reset=reset, order="C", multi_output=True, y_numeric=False
        )
        return x, self._checked_target(y)

    def _checked_features(self, x: Array) -> Array:
        check_is_fitted(self)
        checked: Array = validate_data(self, _flattened(x), reset=False, order="C")
        return checked

    def _raw_predictions(self, x: Array) -> Float64Array:
        """Return the network's output in float64, whatever it was trained in.

        So a prediction does not depend on the rows that happen to be asked with it, nor on the
        BLAS at hand, beyond the last of sixteen digits.
        """
        x = self._checked_features(x)
        network = self.network_.with_parameters(self.network_.parameters.astype(np.float64))
        rows = min(len(x), _PREDICT_ROWS)
        workspace = Workspace(network, training=False)
        features = np.ones((rows, x.shape[1] + 1))
        output = np.empty((len(x), self.n_outputs_))
        with blas_threads(self.threads):
            for start in range(0, len(x), rows):
                part = x[start : start + rows]
                self.scaler_.transform(part, features[: len(part), :-1])
                stop = start + len(part)
                network.forward(workspace.pass_over(features[: len(part)], output[start:stop]))
        return output

    # -- what was learned --------------------------------------------------------------------

    def restore_network(self, parameters: Array) -> None:
        """Take over stored parameters; sizes and encodings must be in place."""
        settings = self.settings
        self.network_ = self._empty_network(settings).with_parameters(parameters)
        self._progress = None

    def restore_history(self, training: Float64Array, validation: Float64Array | None) -> None:
        """Take over stored histories `(n_epochs, 2)`."""
        self.history_, self.validation_history_ = training, validation
        self.n_iter_, self.loss_ = len(training), float(training[-1, 0])

    @property
    def coefs_(self) -> list[Array]:
        """Weights `(fan_in, fan_out)` of each layer: views of the network's."""
        return [layer[:-1] for layer in self.network_.layers]

    @property
    def intercepts_(self) -> list[Array]:
        """Biases `(fan_out,)` of each layer: views of the network's."""
        return [layer[-1] for layer in self.network_.layers]

    def save(self, folder: Path) -> None:
        """Write the trained model into an existing folder: see `model_files`."""
        from numpy_mlp.model_files import save_model  # it imports this module

        check_is_fitted(self)
        save_model(self, folder)


def _flattened(x: Array) -> Array:
    """Return images and other samples of several dimensions as rows, without a copy."""
    if isinstance(x, np.ndarray) and x.ndim > 2:
        return x.reshape(len(x), -1)
    return x
