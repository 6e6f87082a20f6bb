"""Early stopping: end a training that no longer improves, and keep its best parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gridwright.contract import Array


class EarlyStopping:
    """Watches a loss: the validation loss where there is a validation part, else the training loss.

    Args:
        patience: epochs without an improvement after which training stops.
        tolerance: an improvement lowers the loss by more than this.
        parameters: the network's; they are copied at every improvement.
    """

    def __init__(self, patience: int, tolerance: float, parameters: Array) -> None:
        self._patience = patience
        self._tolerance = tolerance
        self._parameters = parameters
        self._best = np.array(parameters)
        self._best_loss = float("inf")
        self._waited = 0

    def update(self, loss: float) -> bool:
        """Take an epoch's loss; return True if training should stop."""
        if loss < self._best_loss - self._tolerance:
            self._best_loss = loss
            self._waited = 0
            self._best[...] = self._parameters
        else:
            self._waited += 1
        return self._waited >= self._patience

    def restore(self) -> None:
        """Give the network the parameters of its best epoch."""
        self._parameters[...] = self._best
