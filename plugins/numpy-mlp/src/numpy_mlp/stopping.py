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

    Attributes:
        best: the parameters of the best epoch.
        best_loss: its loss.
        waited: epochs since.
    """

    def __init__(self, patience: int, tolerance: float, parameters: Array) -> None:
        self._patience = patience
        self._tolerance = tolerance
        self._parameters = parameters
        self.best = np.array(parameters)
        self.best_loss = float("inf")
        self.waited = 0

    @property
    def ended(self) -> bool:
        """Whether the training has waited long enough."""
        return self.waited >= self._patience

    def take_up(self, best: Array, best_loss: float, waited: int) -> None:
        """Go on where an earlier training was."""
        self.best[...] = best
        self.best_loss, self.waited = best_loss, waited

    def update(self, loss: float) -> bool:
        """Take an epoch's loss; return True if training should stop."""
        if loss < self.best_loss - self._tolerance:
            self.best_loss = loss
            self.waited = 0
            self.best[...] = self._parameters
        else:
            self.waited += 1
        return self.ended

    def restore(self) -> None:
        """Give the network the parameters of its best epoch."""
        self._parameters[...] = self.best
