"""Several networks of one shape as one network with a leading axis over the models.

Shapes: `M` models; a batch has `n` rows. Arrays lie unit by unit, as narrow layers of `network` do:
features `(M, n_features + 1, n)`, z, a and delta of a layer `(M, fan_out, n)`, weights
`(M, fan_in + 1, fan_out)`: views of one `(M, n_parameters)` table.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from numpy_mlp.blas import AXPY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from numpy_mlp.network import Network
    from numpy_mlp.stacked_rows import Batch


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
