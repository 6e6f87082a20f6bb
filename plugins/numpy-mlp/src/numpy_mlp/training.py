"""Training: a plan, and epochs of first-order steps on minibatches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from gridwright.errors import TrainingDiverged
from numpy_mlp.evaluation import Evaluation, Passes
from numpy_mlp.network import Workspace, layer_views
from numpy_mlp.samples import Batches
from numpy_mlp.tally import Tally

if TYPE_CHECKING:
    from numpy_mlp.history import History
    from numpy_mlp.network import Network, Pass
    from numpy_mlp.optimizers import Optimizer, State
    from numpy_mlp.samples import Chunk, Samples
    from numpy_mlp.schedules import Schedule

#: Why a training whose weights are no numbers any more has failed.
OUT_OF_RANGE: Final = (
    "the weights left the range of floating point numbers: a smaller eta or beta may help"
)


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
        passes = Passes(Workspace(network), batches)
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

    def _epoch(self, batches: Batches, passes: Passes, tally: Tally) -> None:
        plan = self._plan
        eta = plan.eta * plan.schedule.factor(self.epochs_done, plan.epochs)
        for chunk in batches.chunks(self.rng):
            for batch, one_pass in passes.of(chunk):
                self._step(batch, one_pass, eta)
            tally.add(chunk)
        self.epochs_done += 1
        if not math.isfinite(float(np.add.reduce(self.network.parameters))):
            raise TrainingDiverged(self.epochs_done, OUT_OF_RANGE)

    def _step(self, batch: Chunk, one_pass: Pass, eta: float) -> None:
        network = self.network
        if one_pass.masks:
            network.draw_masks(one_pass, self.rng)
        network.forward(one_pass)
        network.backward(one_pass, batch.target, batch.weight, self._gradient_layers)
        self._plan.optimizer.step(network.parameters, self._gradient, eta, self.state)
