"""The network in matrix form: parameters, forward pass, backpropagation (section 1 of the paper).

Shapes, stated once. A batch has `n` rows; layer l = 1..r maps `fan_in` to `fan_out` units.

    a^(0)  = [X, 1]               (n, n_features + 1)
    z^(l)  = a^(l-1) W_l          (n, fan_out)                    eqs. 1, 3, 5
    a^(l)  = [sigma(z^(l)), 1]    (n, fan_out + 1)                eqs. 2, 4
    yhat   = output(z^(r))        (n, n_outputs)                  eq. 6
    delta^(l) = dJ/dz^(l)         (n, fan_out)                    eqs. 8, 9
    dJ/dW_l = a^(l-1)^T delta^(l) (fan_in + 1, fan_out)           eq. 10

The paper leaves biases out. Here they are the last row of each W_l, multiplied by the column of
ones of its input, so that the paper's equations hold as they are and a bias costs no extra step.
Eq. 10's indices count from the layer's input: with a^(0) = X they read as above.

All W_l are views into one flat vector, and so are their gradients: an optimizer is a few calls on
whole vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from numpy_mlp.blas import AXPY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from numpy_mlp.activations import Activation
    from numpy_mlp.initializers import Initializer
    from numpy_mlp.losses import Loss
    from numpy_mlp.outputs import Output

    Product = tuple[Array, Array, Array]


#: Layers of up to so many units lie in Fortran order.
NARROW: Final = 64


def count_parameters(sizes: Sequence[int]) -> int:
    """Return the number of weights and biases of layers `(n_features, ..., n_outputs)`."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(sizes))


def layer_views(vector: Array, sizes: Sequence[int]) -> list[Array]:
    """Return the views `(fan_in + 1, fan_out)` of a flat parameter vector, first layer first."""
    views, start = [], 0
    for fan_in, fan_out in pairwise(sizes):
        stop = start + (fan_in + 1) * fan_out
        views.append(vector[start:stop].reshape(fan_in + 1, fan_out))
        start = stop
    return views


@dataclass(slots=True)
class Pass:
    """The arrays of one batch on its way through the network; made once, used in every step.

    Attributes:
        inputs: a^(0) .. a^(r-1), each with its column of ones.
        hidden: sigma(z^(1)) .. sigma(z^(r-1)): the same without the ones.
        sums: z^(1) .. z^(r-1); the memory of the deltas unless the activation needs its input.
        deltas: delta^(1) .. delta^(r).
        scratch: for the activation's backward step, shaped as z^(1) .. z^(r-1), one memory.
        masks: dropout masks of the hidden layers, holding 0 or 1 / (1 - dropout); empty without.
        prediction: yhat.
        output: where the caller wants yhat.
        forward: (left, right, out) of the products that make z^(1) .. z^(r).
        backward: the same for the products that pass delta^(2) .. delta^(r) down a layer.
        inputs_transposed: a^(0)^T .. a^(r-1)^T.
        share: 1 / n, what a sample counts in J.
    """

    inputs: list[Array]
    hidden: list[Array]
    sums: list[Array]
    deltas: list[Array]
    scratch: list[Array]
    masks: list[Array]
    prediction: Array
    output: Array
    # Made once, because even a view or a conversion takes its time in a small network.
    forward: list[Product]
    backward: list[Product]
    inputs_transposed: list[Array]
    share: Array


class Workspace:
    """The memory of a network's hidden layers and output.

    Narrow layers lie in Fortran order, unit by unit: what is done to them then runs along the
    batch. numpy takes several times as long over many short rows. For wide layers the products
    decide, and those are fastest in C order, in which the data come.

    Args:
        network: the network that will pass batches through it.
        training: False leaves out what only backpropagation needs.
    """

    def __init__(self, network: Network, *, training: bool = True) -> None:
        self._network = network
        self._training = training
        # A part of a larger Fortran array is not contiguous: each size of a batch has its own.
        self._memories: dict[int, dict[str, list[Array]]] = {}

    def pass_over(self, features: Array, output: Array) -> Pass:
        """Return the arrays of a batch: a^(0) is `features`, yhat goes to `output`."""
        rows = len(features)
        if rows not in self._memories:
            self._memories[rows] = self._memory(rows)
        memory = self._memories[rows]
        inputs = [features, *memory["inputs"]]
        sums, deltas = memory["sums"], memory["deltas"]
        (prediction,) = memory["prediction"]
        layers = self._network.layers
        return Pass(
            inputs=inputs,
            hidden=[a[:, :-1] for a in inputs[1:]],
            sums=sums,
            deltas=deltas,
            scratch=memory["scratch"],
            masks=memory["masks"],
            prediction=prediction,
            output=output,
            forward=list(map(_product, inputs, layers, [*sums, prediction])),
            backward=[
                _product(delta, layer[:-1].T, below)
                for delta, layer, below in zip(deltas[1:], layers[1:], deltas, strict=False)
            ],
            inputs_transposed=[a.T for a in inputs],
            share=np.array(1.0 / rows, output.dtype),
        )

    def _memory(self, rows: int) -> dict[str, list[Array]]:
        *widths, n_outputs = self._network.sizes[1:]
        dtype = self._network.parameters.dtype

        def layers(widths: Sequence[int]) -> list[Array]:
            return [np.empty((rows, width), dtype, order=_order(width)) for width in widths]

        deltas = layers([*widths, n_outputs])
        keep = self._training and self._network.activation.needs_input
        spare = np.empty(rows * max(widths, default=0) * (self._training and not keep), dtype)
        return {
            "inputs": [np.ones((rows, width + 1), dtype, order=_order(width)) for width in widths],
            "sums": layers(widths) if keep else deltas[:-1],
            "deltas": deltas,
            "scratch": [
                spare[: rows * width].reshape((rows, width), order=_order(width))
                for width in (widths if spare.size else ())
            ],
            "masks": layers(widths) if self._training and self._network.dropout > 0.0 else [],
            "prediction": layers([n_outputs]),
        }


def _order(width: int) -> Literal["C", "F"]:
    return "F" if width <= NARROW else "C"


def _product(left: Array, right: Array, out: Array) -> Product:
    """Return what `np.dot` needs to write left @ right into `out`: it writes C order only."""
    if out.flags.c_contiguous:
        return left, right, out
    return right.T, left.T, out.T


class Network:
    """A fully connected network and its gradient.

    Args:
        sizes: `(n_features, *hidden, n_outputs)`.
        activation: sigma of every hidden layer.
        output: the last layer's function.
        loss: J without the penalty.
        alpha: weight of the penalty (alpha / 2) sum_l ||W_l||_F^2 over all weights but the biases.
            Eq. 12 adds the norm itself; its square is what "Tikhonov" and "weight decay" mean, and
            its gradient alpha W_l exists at W_l = 0.
        dropout: probability with which a hidden unit is left out of a training step.
        dtype: of parameters and passes.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Activation,
        output: Output,
        loss: Loss,
        *,
        alpha: float = 0.0,
        dropout: float = 0.0,
        dtype: Any = np.float32,
    ) -> None:
        self.sizes = tuple(sizes)
        self.activation = activation
        self.output = output
        self.loss = loss
        self.alpha = alpha
        self.dropout = dropout
        self.parameters: Array = np.zeros(count_parameters(sizes), dtype)
        self._bind()

    def _bind(self) -> None:
        self.layers = layer_views(self.parameters, self.sizes)
        self._weights_flat = [layer[:-1].reshape(-1) for layer in self.layers]

    def __getstate__(self) -> dict[str, Any]:
        # Views would come back as arrays of their own: leave them out, and bind them again.
        bound = ("layers", "_weights_flat")
        return {name: value for name, value in self.__dict__.items() if name not in bound}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._bind()

    def with_parameters(self, parameters: Array) -> Network:
        """Return the same network over another parameter vector, in that vector's dtype."""
        other = object.__new__(Network)
        other.__dict__.update(self.__dict__)
        other.parameters = parameters
        other._bind()
        return other

    def initialize(self, initializer: Initializer, rng: np.random.Generator) -> None:
        """Draw all weights; biases become 0."""
        for layer in self.layers:
            initializer.fill(layer[:-1], rng)
            layer[-1] = 0.0

    def forward(self, batch: Pass) -> None:
        """Fill `batch.output` with predictions (eqs. 1 to 6); dropout as `batch.masks` say."""
        for index, (z, sigma) in enumerate(zip(batch.sums, batch.hidden, strict=True)):
            left, right, out = batch.forward[index]
            np.dot(left, right, out=out)
            self.activation.forward(z, sigma)
            if batch.masks:
                np.multiply(sigma, batch.masks[index], out=sigma)
        left, right, out = batch.forward[-1]
        np.dot(left, right, out=out)
        self.output.forward(batch.prediction)
        np.copyto(batch.output, batch.prediction)

    def backward(
        self, batch: Pass, target: Array, weight: Array | None, gradient: Sequence[Array]
    ) -> None:
        """Write the gradient of J and its penalty into `gradient`, after `forward` (eqs. 8 to 10).

        Args:
            batch: as `forward` left it; its activations are used up.
            target: `(n, n_outputs)`.
            weight: sample weights `(n, 1)`, None for all ones.
            gradient: one `(fan_in + 1, fan_out)` view of a flat vector per layer.
        """
        self._output_delta(batch, target, weight)
        delta = batch.deltas[-1]
        for index in range(len(self.layers) - 1, 0, -1):
            np.dot(batch.inputs_transposed[index], delta, out=gradient[index])
            below = batch.deltas[index - 1]
            z = (batch.sums if self.activation.needs_input else batch.scratch)[index - 1]
            left, right, out = batch.backward[index - 1]
            np.dot(left, right, out=out)
            self._through_activation(batch, index - 1, below, z)
            delta = below
        # The first layer passes nothing on: nobody asks for the gradient of the data.
        np.dot(batch.inputs_transposed[0], delta, out=gradient[0])
        if self.alpha:
            axpy = AXPY[self.parameters.dtype.char]
            for weights, slope in zip(self._weights_flat, gradient, strict=True):
                axpy(weights, slope.reshape(-1), a=self.alpha)  # all but the biases: the last row

    def _output_delta(self, batch: Pass, target: Array, weight: Array | None) -> None:
        delta = batch.deltas[-1]
        self.loss.gradient(batch.prediction, target, delta)
        if not self.loss.at_logits:
            self.output.backward(batch.prediction, delta)
        if weight is not None:
            np.multiply(delta, weight, out=delta)
        np.multiply(delta, batch.share, out=delta)

    def _through_activation(self, batch: Pass, index: int, delta: Array, z: Array) -> None:
        sigma = batch.hidden[index]
        if batch.masks:
            np.multiply(delta, batch.masks[index], out=delta)
            # Units that were kept get back what they put out before their mask enlarged it.
            np.multiply(sigma, 1.0 - self.dropout, out=sigma)
        self.activation.backward(sigma, delta, z)

    def draw_masks(self, batch: Pass, rng: np.random.Generator) -> None:
        """Draw new dropout masks: inverted dropout, so that predictions need no scaling."""
        keep = 1.0 - self.dropout
        for mask in batch.masks:
            mask[...] = rng.random(mask.shape, np.float32) < keep
            np.multiply(mask, 1.0 / keep, out=mask)

    def penalty(self) -> float:
        """Return (alpha / 2) sum_l ||W_l||_F^2."""
        if not self.alpha:
            return 0.0
        return 0.5 * self.alpha * sum(float(np.vdot(w, w)) for w in self._weights_flat)
