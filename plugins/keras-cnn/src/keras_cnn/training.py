"""One training under way: its callbacks, and its state, which a checkpoint holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.errors import ModelFileError
from keras_cnn import runtime
from keras_cnn.checkpoint_files import TrainingState
from keras_cnn.epochs import EpochHistory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import Array, OnEpoch
    from keras_cnn.feeding import SampleOrder

#: What Keras's EarlyStopping counts with.
_COUNTERS = ("best", "best_epoch", "wait", "stopped_epoch")


class Training:
    """The training of one compiled network.

    Args:
        network: the Keras model.
        order: of the samples; None where Keras shuffles them itself.
        early_stopping: arguments of Keras's `EarlyStopping`; None for none.
        on_epoch: called after each epoch.

    Attributes:
        history: the epochs so far.
    """

    def __init__(
        self,
        network: Any,
        order: SampleOrder | None,
        early_stopping: Mapping[str, Any] | None,
        on_epoch: OnEpoch | None,
    ) -> None:
        self.history = EpochHistory(on_epoch)
        self._network = network
        self._order = order
        self._stopping = _stopping_callback(early_stopping)
        self._taken_up: TrainingState | None = None
        self._rate = _rate(network.optimizer)

    def take_up(self, state: TrainingState) -> None:
        """Go on after the last epoch of `state`.

        Raises:
            ModelFileError: it belongs to another network.
        """
        self._network.optimizer.build(self._network.trainable_variables)
        _assign(self._network.variables, state.network)
        _assign(self._network.optimizer.variables, state.optimizer)
        if None not in {self._rate, state.learning_rate} and self._rate != state.learning_rate:
            # The training goes on with another one than it began with.
            self._network.optimizer.learning_rate = self._rate
        if self._order is not None:
            self._order.seed = state.order_seed
        self._taken_up = state

    def callbacks(self, given: Sequence[Any]) -> list[Any]:
        """Return the user's callbacks and those of the training; its history comes last."""
        own = [] if self._order is None else [self._order.callback()]
        if self._stopping is not None:
            own += [self._stopping, self._counters_restored()]
        return [*given, *own, self.history.callback()]

    def first_epoch(self, epochs: int) -> int:
        """Return the epoch, from 0, that the training begins with."""
        state = self._taken_up
        if state is None:
            return 0
        return epochs if state.stopped else min(state.epoch, epochs)

    def state(self) -> TrainingState:
        """Return the state after the epoch that was reported last."""
        stopping = self._stopping
        best = None if stopping is None else stopping.best_weights
        return TrainingState(
            epoch=self.history.records[-1].epoch,
            stopped=bool(self._network.stop_training),
            network=_values(self._network.variables),
            optimizer=_values(self._network.optimizer.variables),
            order_seed=0 if self._order is None else self._order.seed,
            stopping={} if stopping is None else _counters(stopping),
            best_weights=best or (),
            learning_rate=self._rate,
        )

    def _counters_restored(self) -> Any:
        """Return a callback that gives early stopping its counters back after it has begun."""
        stopping = self._stopping
        callback = runtime.keras().callbacks.LambdaCallback()

        def begin(_logs: Any = None) -> None:
            state = self._taken_up
            if state is not None:
                for name, value in state.stopping.items():
                    setattr(stopping, name, value)
                stopping.best_weights = list(state.best_weights) or None

        callback.on_train_begin = begin
        return callback


def _stopping_callback(settings: Mapping[str, Any] | None) -> Any:
    if settings is None:
        return None
    return runtime.keras().callbacks.EarlyStopping(**settings)


def _counters(stopping: Any) -> dict[str, Any]:
    values = {name: getattr(stopping, name) for name in _COUNTERS}
    return {name: None if value is None else float(value) for name, value in values.items()}


def _rate(optimizer: Any) -> float | None:
    """Return the learning rate of an optimizer, None where it follows a schedule."""
    rate = optimizer.get_config()["learning_rate"]
    return float(rate) if isinstance(rate, int | float | np.number) else None


def _values(variables: Sequence[Any]) -> list[Array]:
    return [runtime.as_numpy(variable) for variable in variables]


def _assign(variables: Sequence[Any], values: Sequence[Array]) -> None:
    shapes = [tuple(variable.shape) for variable in variables]
    if shapes != [value.shape for value in values]:
        raise ModelFileError("the state of the training belongs to another network")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
