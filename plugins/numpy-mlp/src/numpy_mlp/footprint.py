"""What a training takes, from its parameters and the shape of its data alone."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import Footprint
from numpy_mlp.network import count_parameters
from numpy_mlp.optimizers import LBFGS, optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import DataDescription

#: Vectors that scipy's L-BFGS keeps: ten pairs of steps and gradients, and a few more.
_LBFGS_VECTORS = 24


def footprint(parameters: Mapping[str, Any], data: DataDescription) -> Footprint:
    """Return the footprint of a training with good `parameters` on such data."""
    hidden = parameters.get("hidden_layer", (64,))
    widths = [hidden] if isinstance(hidden, int) else list(hidden)
    n_features = prod(data.sample_shape)
    n_outputs = len(data.classes) or data.n_outputs
    count = count_parameters([n_features, *widths, n_outputs])
    rule = optimizer(parameters.get("optimizer", "Momentum"), float(parameters.get("mu", 0.9)))
    vectors = _LBFGS_VECTORS if isinstance(rule, LBFGS) else rule.memories
    batch = parameters.get("batch_size", 64)
    whole = batch is None or isinstance(rule, LBFGS)
    rows = data.n_train if whole else min(int(batch), data.n_train)
    # A row is copied into its batch; a layer has its sum, its output and its delta.
    in_batch = rows * (n_features + 3 * (sum(widths) + n_outputs))
    # All samples are scaled once, into the type of the training.
    numbers = count * (2 + vectors) + in_batch + data.n_train * n_features
    size = np.dtype(parameters.get("dtype", "float32")).itemsize
    return Footprint(
        epochs=int(parameters.get("epoch", 100)), parameters=count, memory=numbers * size
    )
