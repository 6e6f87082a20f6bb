"""Several networks of one shape, trained as one computation with a leading axis over the models.

A step of a small network costs its calls, not its numbers: one product over twelve networks takes
little longer than one over a single network. What a model computes is what `Trainer` would have:
the same products with operands that lie the same way, its own order of samples, masks, schedule and
optimizer. On one machine even the bits are the same, as far as its BLAS treats a stack of products
as so many single ones; the tests allow 1e-5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import TrainingDiverged
from numpy_mlp.activations import ACTIVATIONS
from numpy_mlp.blas import blas_threads
from numpy_mlp.losses import LOSSES
from numpy_mlp.network import NARROW
from numpy_mlp.optimizers import LBFGS
from numpy_mlp.samples import CHUNK_BYTES, Chunk
from numpy_mlp.stack import Stack
from numpy_mlp.stacked_rows import Rows, turned
from numpy_mlp.tally import StackTally
from numpy_mlp.training import OUT_OF_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array, OnEpoch
    from numpy_mlp.base import BaseMLP
    from numpy_mlp.history import History
    from numpy_mlp.hyperparameters import Settings
    from numpy_mlp.network import Network
    from numpy_mlp.optimizers import State
    from numpy_mlp.samples import Samples
    from numpy_mlp.training import Plan

#: Steps of a training above which a model trains alone: its own time is long enough by then, and
#: nobody should wait for a dozen models to see the first.
MOST_STEPS: Final = 20_000
#: Bytes of scaled features; more than one chunk of them is not gathered at once.
MOST_BYTES: Final = CHUNK_BYTES // 4


@dataclass
class Member:
    """One of the models.

    Attributes:
        network: is trained in place.
        plan: how; epochs and batch size are the same for all.
        rng: draws its order of the samples and its masks.
        history: hears of each epoch, and may end the training of this model.
        failure: what its own training would have raised.
        going: whether it still trains.
    """

    network: Network
    plan: Plan
    rng: np.random.Generator
    history: History
    failure: Exception | None = None
    going: bool = True


def shape_of(settings: Settings, n_samples: int, n_features: int) -> str | None:
    """Return what networks must share to train together; None for one that trains alone.

    Args:
        settings: of the model.
        n_samples: that it trains on.
        n_features: of a sample.
    """
    plan = settings.plan
    size = min(plan.batch_size, n_samples)
    steps = plan.epochs * -(-n_samples // size)
    known = (
        type(settings.activation) in ACTIVATIONS.values() and type(settings.loss) in LOSSES.values()
    )
    alone = (
        isinstance(plan.optimizer, LBFGS)
        or plan.patience is not None
        or not known
        or max(settings.hidden, default=0) > NARROW
        or steps > MOST_STEPS
        or n_samples * (n_features + 1) * settings.dtype.itemsize > MOST_BYTES
    )
    if alone:
        return None
    return repr(
        (
            settings.hidden,
            settings.activation,
            settings.loss,
            settings.dropout,
            settings.dtype.name,
            settings.threads,
            plan.epochs,
            size,
        )
    )


def fit_batch(
    estimators: Sequence[BaseMLP],
    x: Array,
    y: Array,
    validation: tuple[Array, Array] | None,
    on_epochs: Sequence[OnEpoch],
) -> list[Exception | None]:
    """Fit estimators of one `shape_of` on the same data, each as its own `fit` would have.

    Returns:
        For each estimator None, or what its `fit` would have raised.
    """
    trainings = [
        estimator.begin(x, y, validation, on_epoch)
        for estimator, on_epoch in zip(estimators, on_epochs, strict=True)
    ]
    members = [
        Member(estimator.network_, training.settings.plan, training.rng, training.history)
        for estimator, training in zip(estimators, trainings, strict=True)
    ]
    first = trainings[0]
    with blas_threads(first.settings.threads):
        train_together(members, first.samples, first.validation)
    for estimator, training, member in zip(estimators, trainings, members, strict=True):
        if member.failure is None:
            estimator.end(training)
    return [member.failure for member in members]


def train_together(
    members: Sequence[Member], samples: Samples, validation: Samples | None = None
) -> None:
    """Train networks of one `shape_of`; each ends as `Trainer.fit` would have left it.

    A model whose training fails has its `failure`, and takes nothing from the others.
    """
    epochs = members[0].plan.epochs
    stack = Stack([member.network for member in members])
    rngs = [member.rng for member in members]
    # Masks are drawn from the same numbers as orders: then every model needs its own.
    drawing = rngs if stack.first.dropout > 0.0 else ()
    rows = Rows(samples, members[0].plan.batch_size, rngs, drawing)
    steps = _Steps(stack, members)
    tally = StackTally(samples, stack.first.loss)
    evaluate = None if validation is None else _Evaluations(stack, validation)
    # What a failed model goes on computing stays in its own part of the arrays.
    with np.errstate(all="ignore"):
        for epoch in range(1, epochs + 1):
            rows.shuffle()
            steps.begin_epoch(epoch)
            for batch in rows.batches:
                np.copyto(batch.output, stack.forward(batch.features, drawing, training=True))
                stack.backward(batch)
                steps.take()
            held_out = [None] * len(members) if evaluate is None else evaluate()
            finite = np.isfinite(np.add.reduce(stack.parameters, axis=1)).tolist()
            for index, scores in enumerate(tally(rows.chunk)):
                if members[index].going:
                    _hear(members[index], epoch, scores, held_out[index], finite=finite[index])
                    if not members[index].going:
                        members[index].network.parameters[...] = stack.parameters[index]
            if not any(member.going for member in members):
                return
    for member, own in zip(members, stack.parameters, strict=True):
        if member.going:
            member.network.parameters[...] = own


def _hear(
    member: Member,
    epoch: int,
    scores: tuple[float, float],
    held_out: tuple[float, float] | None,
    *,
    finite: bool,
) -> None:
    """Record an epoch of a model; it goes on unless that raises, or asks for its end."""
    if not finite:
        member.failure = TrainingDiverged(epoch, OUT_OF_RANGE)
        member.going = False
        return
    try:
        member.going = not member.history.add(scores, held_out)
    except Exception as error:  # noqa: BLE001 - of this model, or of whoever listens to it
        member.failure, member.going = error, False


class _Steps:
    """The optimizers of all models, each with its own memory, on its own row of the table."""

    def __init__(self, stack: Stack, members: Sequence[Member]) -> None:
        self._plans = [member.plan for member in members]
        self._rows = list(stack.parameters)
        self._gradients = list(stack.gradient)
        self._states = [
            plan.optimizer.start(own) for plan, own in zip(self._plans, self._rows, strict=True)
        ]
        self._calls: list[tuple[Any, Array, Array, float, State]] = []

    def begin_epoch(self, epoch: int) -> None:
        """Take up the learning rates of an epoch, counted from 1."""
        self._calls = [
            (
                plan.optimizer.step,
                own,
                gradient,
                plan.eta * plan.schedule.factor(epoch - 1, plan.epochs),
                state,
            )
            for plan, own, gradient, state in zip(
                self._plans, self._rows, self._gradients, self._states, strict=True
            )
        ]

    def take(self) -> None:
        """Do one step of every model."""
        for step, own, gradient, eta, state in self._calls:
            step(own, gradient, eta, state)


class _Evaluations:
    """Loss and score of every model on data that none is trained on."""

    def __init__(self, stack: Stack, samples: Samples) -> None:
        self._stack = stack
        rows = np.arange(samples.n_samples)
        gathered = Chunk.room(samples, (1, len(rows)), (stack.size, len(rows)))
        one = gathered.of_model(0)
        samples.gather_features(rows, one.features, samples.scratch())
        samples.gather_target(rows, one.target, one.codes)
        self._features = turned(gathered.features)
        self._chunk = gathered.for_models(stack.size)
        self._tally = StackTally(samples, stack.first.loss)

    def __call__(self) -> list[tuple[float, float]]:
        """Return (loss, score) of each model."""
        np.copyto(turned(self._chunk.output), self._stack.forward(self._features))
        return self._tally(self._chunk)
