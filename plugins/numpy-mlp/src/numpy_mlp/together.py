"""Several networks of one shape, trained as one computation with a leading axis over the models.

A step of a small network costs its calls, not its numbers: one product over twelve networks takes
little longer than one over a single network. What a model computes is what `Trainer` would have:
the same products with operands that lie the same way, its own order of samples, masks, schedule and
optimizer. On one machine even the bits are the same, as far as its BLAS treats a stack of products
as so many single ones; the tests allow 1e-5.

Shapes: `M` models; a batch has `n` rows. Arrays lie unit by unit, as narrow layers of `network` do:
features `(M, n_features + 1, n)`, z, a and delta of a layer `(M, fan_out, n)`, weights
`(M, fan_in + 1, fan_out)`: views of one `(M, n_parameters)` table.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gridwright.errors import TrainingDiverged
from numpy_mlp.activations import ACTIVATIONS
from numpy_mlp.blas import AXPY, blas_threads
from numpy_mlp.losses import LOSSES
from numpy_mlp.network import NARROW
from numpy_mlp.optimizers import LBFGS
from numpy_mlp.samples import CHUNK_BYTES, Chunk
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


class Stack:
    """The networks as one: parameters and gradients as tables, and the memory of a pass.

    Args:
        networks: of one shape; their parameters are copied, see `parameters`.
    """

    def __init__(self, networks: Sequence[Network]) -> None:
        first = networks[0]
        self.size = len(networks)
        self.first = first
        self.parameters: Array = np.stack([network.parameters for network in networks])
        self.gradient: Array = np.empty_like(self.parameters)
        self.layers = self._views(self.parameters)
        self.slopes = self._views(self.gradient)
        # Made once, because even a view takes its time in a small network.
        self._turned_layers = [layer.transpose(0, 2, 1) for layer in self.layers]
        self._weights = [layer[:, :-1] for layer in self.layers]
        self._axpy = AXPY[self.parameters.dtype.char]
        self._penalised = [
            (layer[model, :-1].reshape(-1), slope[model].reshape(-1), network.alpha)
            for layer, slope in zip(self.layers, self.slopes, strict=True)
            for model, network in enumerate(networks)
            if network.alpha
        ]
        self._memories: dict[tuple[int, bool], list[list[Array]]] = {}

    def _views(self, table: Array) -> list[Array]:
        views, start = [], 0
        for fan_in, fan_out in pairwise(self.first.sizes):
            stop = start + (fan_in + 1) * fan_out
            views.append(table[:, start:stop].reshape(self.size, fan_in + 1, fan_out))
            start = stop
        return views

    def _memory(self, rows: int, *, training: bool) -> list[list[Array]]:
        """Return the arrays of a batch: a with its ones, z, delta and masks of each layer."""
        if (rows, training) not in self._memories:
            dtype, widths = self.parameters.dtype, self.first.sizes[1:]

            def empty(widths: Sequence[int]) -> list[Array]:
                return [np.empty((self.size, width, rows), dtype) for width in widths]

            ones = [np.ones((self.size, width + 1, rows), dtype) for width in widths[:-1]]
            masks = empty(widths[:-1]) if training and self.first.dropout > 0.0 else []
            self._memories[rows, training] = [ones, empty(widths), empty(widths), masks]
        return self._memories[rows, training]

    def forward(
        self, features: Array, rngs: Sequence[np.random.Generator] = (), *, training: bool = False
    ) -> Array:
        """Return the predictions `(M, n_outputs, n)`; with `rngs`, each draws its model's masks."""
        units, sums, _, masks = self._memory(features.shape[-1], training=training)
        if masks:
            self._draw(masks, rngs)
        below = features
        for index, (layer, z) in enumerate(zip(self._turned_layers, sums, strict=True)):
            np.matmul(layer, below, out=z)
            if index == len(units):
                break
            sigma = units[index][:, :-1]
            self.first.activation.forward(z, sigma)
            if masks:
                np.multiply(sigma, masks[index], out=sigma)
            below = units[index]
        self.first.output.forward(sums[-1])
        return sums[-1]

    def _draw(self, masks: Sequence[Array], rngs: Sequence[np.random.Generator]) -> None:
        keep = 1.0 - self.first.dropout
        for mask in masks:
            shape = mask.shape[:0:-1]
            for own, rng in zip(mask, rngs, strict=True):
                own.T[...] = rng.random(shape, np.float32) < keep
            np.multiply(mask, 1.0 / keep, out=mask)

    def backward(self, batch: Batch) -> None:
        """Write all gradients, after `forward` of the features of `batch` (eqs. 8 to 10)."""
        rows = batch.features.shape[-1]
        units, sums, deltas, masks = self._memory(rows, training=True)
        delta = deltas[-1]
        self._output_delta(sums[-1], delta, batch)
        for index in range(len(self.layers) - 1, 0, -1):
            np.matmul(units[index - 1], delta.transpose(0, 2, 1), out=self.slopes[index])
            below = deltas[index - 1]
            np.matmul(self._weights[index], delta, out=below)
            sigma = units[index - 1][:, :-1]
            if masks:
                np.multiply(below, masks[index - 1], out=below)
                np.multiply(sigma, 1.0 - self.first.dropout, out=sigma)
            self.first.activation.backward(sigma, below, sums[index - 1])
            delta = below
        np.matmul(batch.features, delta.transpose(0, 2, 1), out=self.slopes[0])
        self._penalties()

    def _output_delta(self, prediction: Array, delta: Array, batch: Batch) -> None:
        loss, output = self.first.loss, self.first.output
        loss.gradient(prediction, batch.target, delta)
        if not loss.at_logits:
            for own, own_delta in zip(prediction, delta, strict=True):
                output.backward(own.T, own_delta.T)
        if batch.weight is not None:
            np.multiply(delta, batch.weight, out=delta)
        np.multiply(delta, np.array(1.0 / delta.shape[-1], delta.dtype), out=delta)

    def _penalties(self) -> None:
        for weights, slopes, alpha in self._penalised:
            self._axpy(weights, slopes, a=alpha)


class Rows:
    """A data set, gathered for every model in its own order: one pass of it.

    Args:
        samples: the data, the same for all models.
        members: the models; one batch of all samples is never shuffled, as in `Batches`.
        drawing: generators that draw more than orders: none, or each model's.

    Attributes:
        chunk: the data of every model, and room for its predictions.
        batches: of a pass, in order; views that stay valid.
    """

    def __init__(
        self,
        samples: Samples,
        members: Sequence[Member],
        drawing: Sequence[np.random.Generator] = (),
    ) -> None:
        size = len(members)
        rngs = [member.rng for member in members]
        self._samples = samples
        self._batch_size = min(members[0].plan.batch_size, samples.n_samples)
        # One order is enough where all would be the same.
        self._rngs = rngs[:1] if not drawing and _in_one_state(rngs) else rngs
        own = (len(self._rngs), samples.n_samples)
        n_outputs, dtype = samples.n_outputs, samples.dtype
        codes = samples.target.ndim == 1
        self._gathered = Chunk(
            features=np.ones((*own, samples.n_features + 1), dtype),
            target=np.empty((*own, n_outputs), dtype),
            output=np.empty((size, samples.n_samples, n_outputs), dtype),
            weight=None if samples.weight is None else np.empty((*own, 1), dtype),
            codes=np.empty(own, samples.target.dtype) if codes else None,
        )
        self.chunk = self._gathered.for_models(size)
        self.batches = self._cut()
        self._filled = False

    def shuffle(self) -> None:
        """Gather an epoch."""
        n_samples = self._samples.n_samples
        if self._batch_size == n_samples and self._filled:
            return
        orders = np.empty((len(self._rngs), n_samples), np.intp)
        for own, rng in zip(orders, self._rngs, strict=True):
            order = np.arange(n_samples, dtype=np.uint32)
            if self._batch_size < n_samples:
                rng.shuffle(order)
            own[...] = order
        self._fill(orders)
        self._filled = True

    def _fill(self, orders: Array) -> None:
        samples, chunk = self._samples, self._gathered
        samples.gather_features(orders, chunk.features, None)
        samples.gather_target(orders, chunk.target, chunk.codes)
        if chunk.weight is not None and samples.weight is not None:
            samples.weight.take(orders, out=chunk.weight[:, :, 0], mode="clip")

    def _cut(self) -> list[Batch]:
        chunk = self._gathered
        found = []
        for start in range(0, self._samples.n_samples, self._batch_size):
            rows = slice(start, start + self._batch_size)
            found.append(
                Batch(
                    features=_turned(chunk.features[:, rows]),
                    target=_turned(chunk.target[:, rows]),
                    weight=None if chunk.weight is None else _turned(chunk.weight[:, rows]),
                    output=_turned(chunk.output[:, rows]),
                )
            )
        return found


@dataclass(frozen=True)
class Batch:
    """Rows of a pass, unit by unit; what is the same for all models has an axis of length 1.

    Attributes:
        features: `(M or 1, n_features + 1, n)`.
        target: `(M or 1, n_outputs, n)`.
        weight: `(M or 1, 1, n)`, None for all ones.
        output: room for the predictions `(M, n_outputs, n)`.
    """

    features: Array
    target: Array
    weight: Array | None
    output: Array


def _in_one_state(rngs: Sequence[np.random.Generator]) -> bool:
    first = rngs[0].bit_generator.state
    return all(rng.bit_generator.state == first for rng in rngs)


def _turned(table: Array) -> Array:
    """Return `(M, n, k)` as `(M, k, n)`, without a copy."""
    turned: Array = table.transpose(0, 2, 1)
    return turned


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
    rows = Rows(samples, members, drawing)
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
        own = (1, samples.n_samples)
        codes = samples.target.ndim == 1
        gathered = Chunk(
            features=np.ones((*own, samples.n_features + 1), samples.dtype),
            target=np.empty((*own, samples.n_outputs), samples.dtype),
            output=np.empty((stack.size, samples.n_samples, samples.n_outputs), samples.dtype),
            weight=None,
            codes=np.empty(own, samples.target.dtype) if codes else None,
        )
        one = gathered.of_model(0)
        samples.gather_features(rows, one.features, samples.scratch())
        samples.gather_target(rows, one.target, one.codes)
        self._features = _turned(gathered.features)
        self._chunk = gathered.for_models(stack.size)
        self._tally = StackTally(samples, stack.first.loss)

    def __call__(self) -> list[tuple[float, float]]:
        """Return (loss, score) of each model."""
        np.copyto(_turned(self._chunk.output), self._stack.forward(self._features))
        return self._tally(self._chunk)
