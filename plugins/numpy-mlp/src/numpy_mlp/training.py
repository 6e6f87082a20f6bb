"""Training: epochs of minibatches, their histories, and when to stop.

What a history means. Training loss and score of an epoch are means over its minibatches, each
taken in the forward pass of its own step, as Keras reports them: so the parameters move while they
are added up, dropout is at work, and no second pass over the data is paid for. Validation loss and
score are those of the parameters at the end of the epoch. Neither includes the penalty (eq. 12).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from gridwright.contract import EpochRecord
from gridwright.errors import TrainingDiverged
from numpy_mlp.network import Network, Pass, Workspace, layer_views
from numpy_mlp.samples import CHUNK_BYTES, Batches, Chunk, Samples
from numpy_mlp.tally import Tally

if TYPE_CHECKING:
    from gridwright.contract import Array, Float64Array, OnEpoch
    from numpy_mlp.optimizers import LBFGS, Optimizer, State
    from numpy_mlp.schedules import Schedule
    from numpy_mlp.stopping import EarlyStopping


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        epochs: passes over the data.
        batch_size: rows of a minibatch.
        eta: learning rate.
        optimizer: the update rule.
        schedule: a factor on eta for every epoch.
        patience: epochs without improvement before it stops, None for never.
        tolerance: what counts as an improvement.
    """

    epochs: int
    batch_size: int
    eta: float
    optimizer: Optimizer
    schedule: Schedule
    patience: int | None = None
    tolerance: float = 1e-4


@dataclass
class History:
    """Loss and score of every epoch, and who listens to them.

    Attributes:
        on_epoch: called after each epoch; True stops.
        stopping: early stopping, None without.
        training: (loss, score) of each epoch on the training part.
        validation: the same on the validation part; empty without one.
    """

    on_epoch: OnEpoch | None = None
    stopping: EarlyStopping | None = None
    training: list[tuple[float, float]] = field(default_factory=list)
    validation: list[tuple[float, float]] = field(default_factory=list)

    def add(self, scores: tuple[float, float], validation: tuple[float, float] | None) -> bool:
        """Record an epoch; return True if training should stop here.

        Raises:
            TrainingDiverged: a loss is no finite number.
        """
        self.training.append(scores)
        epoch = len(self.training)
        _demand_finite(scores[0], epoch, "the training loss")
        val_loss, val_score = validation or (None, None)
        if validation is not None:
            self.validation.append(validation)
            _demand_finite(validation[0], epoch, "the validation loss")
        stop = False
        if self.stopping is not None:
            stop = self.stopping.update(scores[0] if val_loss is None else val_loss)
        if self.on_epoch is not None:
            record = EpochRecord(epoch, scores[0], scores[1], val_loss, val_score)
            stop = bool(self.on_epoch(record)) or stop
        return stop


def _demand_finite(value: float, epoch: int, what: str) -> None:
    if not math.isfinite(value):
        raise TrainingDiverged(
            epoch, f"{what} is {value}: floating point overflow, a smaller eta or beta may help"
        )


class Evaluation:
    """Loss and score of a network on data that it is not trained on.

    Args:
        network: to evaluate; its current parameters count.
        samples: the data.
        batch_size: rows at a time, at least.
    """

    def __init__(self, network: Network, samples: Samples, batch_size: int) -> None:
        widest = max(network.sizes) * network.parameters.itemsize
        rows = max(batch_size, CHUNK_BYTES // widest)
        self._network = network
        self._batches = Batches(samples, rows, shuffled=False)
        self._tally = Tally(samples, network.loss)
        workspace = Workspace(network, self._batches.batch_size, training=False)
        self._passes = _Passes(workspace, self._batches)

    def __call__(self) -> tuple[float, float]:
        """Return (loss, score)."""
        for chunk in self._batches.chunks():
            for _, one_pass in self._passes.of(chunk):
                self._network.forward(one_pass)
            self._tally.add(chunk)
        return self._tally.take()


class _Passes:
    """The network's passes over a chunk's batches, bound once to the chunk's memory."""

    def __init__(self, workspace: Workspace, batches: Batches) -> None:
        self._size = batches.batch_size
        self._full = self._bind(workspace, batches.chunk)
        self._last = (
            self._full if batches.last is batches.chunk else self._bind(workspace, batches.last)
        )
        self._last_chunk = batches.last

    def _bind(self, workspace: Workspace, chunk: Chunk) -> list[tuple[Chunk, Pass]]:
        rows = len(chunk.features)
        cuts = [
            chunk.cut(start, min(start + self._size, rows)) for start in range(0, rows, self._size)
        ]
        return [(cut, workspace.pass_over(cut.features, cut.output)) for cut in cuts]

    def of(self, chunk: Chunk) -> list[tuple[Chunk, Pass]]:
        return self._last if chunk is self._last_chunk else self._full


class Trainer:
    """Trains a network by first-order steps; can go on where it stopped.

    Args:
        network: to train, in place.
        plan: how.
        rng: draws the order of the samples and the dropout masks.
        state: the optimizer's memory of an earlier training, None to start without one.
        epochs_done: of that earlier training, for the schedule.
    """

    def __init__(
        self,
        network: Network,
        plan: Plan,
        rng: np.random.Generator,
        state: State | None = None,
        epochs_done: int = 0,
    ) -> None:
        self.network = network
        self.rng = rng
        self.state = plan.optimizer.start(network.parameters) if state is None else state
        self.epochs_done = epochs_done
        self._plan = plan
        self._gradient = np.empty_like(network.parameters)
        self._gradient_layers = layer_views(self._gradient, network.sizes)

    def fit(
        self,
        samples: Samples,
        history: History,
        validation: Samples | None = None,
        epochs: int | None = None,
    ) -> None:
        """Train until `history` says stop, but no longer than `epochs`: by default the plan's.

        Raises:
            TrainingDiverged: loss or parameters are no longer finite.
        """
        plan, network = self._plan, self.network
        batches = Batches(samples, plan.batch_size)
        passes = _Passes(Workspace(network, batches.batch_size), batches)
        tally = Tally(samples, network.loss)
        evaluate = (
            None if validation is None else Evaluation(network, validation, batches.batch_size)
        )
        # Overflow is looked for once an epoch, where it can be told as one sentence.
        with np.errstate(all="ignore"):
            for _ in range(plan.epochs if epochs is None else epochs):
                self._epoch(batches, passes, tally)
                if history.add(tally.take(), None if evaluate is None else evaluate()):
                    break

    def _epoch(self, batches: Batches, passes: _Passes, tally: Tally) -> None:
        plan = self._plan
        eta = plan.eta * plan.schedule.factor(self.epochs_done, plan.epochs)
        for chunk in batches.chunks(self.rng):
            for batch, one_pass in passes.of(chunk):
                self._step(batch, one_pass, eta)
            tally.add(chunk)
        self.epochs_done += 1
        if not math.isfinite(float(np.add.reduce(self.network.parameters))):
            raise TrainingDiverged(
                self.epochs_done,
                "the weights left the range of floating point numbers: "
                "a smaller eta or beta may help",
            )

    def _step(self, batch: Chunk, one_pass: Pass, eta: float) -> None:
        network = self.network
        if one_pass.masks:
            network.draw_masks(one_pass, self.rng)
        network.forward(one_pass)
        network.backward(one_pass, batch.target, batch.weight, self._gradient_layers)
        self._plan.optimizer.step(network.parameters, self._gradient, eta, self.state)


def train_lbfgs(
    network: Network,
    samples: Samples,
    plan: Plan,
    *,
    method: LBFGS,
    history: History,
    validation: Samples | None = None,
) -> None:
    """Train by scipy's L-BFGS on all samples at once, an iteration per epoch.

    Loss and gradient are added up batch by batch, so that memory does not grow with the data.

    Raises:
        TrainingDiverged: loss or parameters are no longer finite.
    """
    objective = _Objective(network, samples, plan.batch_size)
    evaluate = None if validation is None else Evaluation(network, validation, plan.batch_size)

    def after_iteration(intermediate_result: object) -> None:
        parameters = intermediate_result.x  # type: ignore[attr-defined]  # scipy's OptimizeResult
        scores = objective.scores_at(parameters)
        network.parameters[...] = parameters
        if history.add(scores, None if evaluate is None else evaluate()):
            raise StopIteration

    with np.errstate(all="ignore"):
        result = minimize(
            objective,
            network.parameters.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=after_iteration,
            options={"maxiter": plan.epochs, "maxcor": method.corrections, "maxls": 50},
        )
    network.parameters[...] = result.x
    if not history.training:  # it started in a minimum
        history.add(objective.scores_at(result.x), None if evaluate is None else evaluate())


class _Objective:
    """J with its penalty, and its gradient, as scipy wants them: float64, by the whole vector."""

    def __init__(self, network: Network, samples: Samples, batch_size: int) -> None:
        self._network = network
        self._batches = Batches(samples, batch_size, shuffled=False)
        self._passes = _Passes(Workspace(network, self._batches.batch_size), self._batches)
        self._tally = Tally(samples, network.loss)
        self._mass = samples.n_samples
        self._part = np.empty_like(network.parameters)
        self._layers = layer_views(self._part, network.sizes)
        self._known: tuple[Float64Array, tuple[float, float]] = np.empty(0), (0.0, 0.0)

    def __call__(self, parameters: Float64Array) -> tuple[float, Float64Array]:
        network = self._network
        network.parameters[...] = parameters
        gradient = np.zeros(parameters.shape)
        for chunk in self._batches.chunks():
            for batch, one_pass in self._passes.of(chunk):
                network.forward(one_pass)
                network.backward(one_pass, batch.target, batch.weight, self._layers)
                # The penalty's gradient is in every part, and the shares add up to 1.
                share = len(batch.target) / self._mass
                gradient += share * self._part
            self._tally.add(chunk)
        scores = self._tally.take()
        self._known = parameters.copy(), scores
        return scores[0] + network.penalty(), gradient

    def scores_at(self, parameters: Array) -> tuple[float, float]:
        """Return (loss, score); free if that was the last point asked for."""
        known, scores = self._known
        if not np.array_equal(known, parameters):
            self(parameters)
            _, scores = self._known
        return scores
