"""Loss and score of an epoch, added up chunk by chunk.

The score is the accuracy of a classification, or R2 of a regression: the mean over the outputs of
1 - (residual sum of squares) / (total sum of squares), as scikit-learn's r2_score. Scaling a
target changes neither sum's ratio, so it is taken on the scaled values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from gridwright.contract import Array
    from numpy_mlp.losses import Loss
    from numpy_mlp.samples import Chunk, Samples


class Tally:
    """Running sums over the chunks of an epoch.

    Args:
        samples: the data that will be tallied.
        loss: the loss to add up.

    Attributes:
        mass: sum of the sample weights.
    """

    def __init__(self, samples: Samples, loss: Loss) -> None:
        self._loss = loss
        self._classes = samples.target.ndim == 1
        weight = samples.weight
        self.mass = float(samples.n_samples if weight is None else weight.sum(dtype=np.float64))
        self._total_squares = np.zeros(0) if self._classes else _total_squares(samples)
        self._reset()

    def _reset(self) -> None:
        self._loss_sum = 0.0
        self._right = 0.0
        self._squares = np.zeros(len(self._total_squares))

    def add(self, chunk: Chunk) -> None:
        """Add a chunk whose `output` the network has filled."""
        self._loss_sum += self._loss.total(chunk.output, chunk.target, chunk.weight)
        if chunk.codes is not None:
            hits = chunk.output.argmax(axis=1) == chunk.codes
            if chunk.weight is None:
                self._right += np.count_nonzero(hits)
            else:
                self._right += float(hits @ chunk.weight[:, 0])
            return
        error = chunk.output - chunk.target
        np.multiply(error, error, out=error)
        if chunk.weight is not None:
            np.multiply(error, chunk.weight, out=error)
        self._squares += np.add.reduce(error, axis=0)

    def take(self) -> tuple[float, float]:
        """Return (loss, score) of what was added since the last call, and start again."""
        score = self._right / self.mass if self._classes else self._r2()
        loss = self._loss_sum / self.mass
        self._reset()
        return loss, score

    def _r2(self) -> float:
        known = self._total_squares > 0.0
        ratio = np.divide(self._squares, self._total_squares, where=known, out=np.ones(len(known)))
        # A constant target: 1 for a perfect prediction, else 0.
        ratio[~known & (self._squares == 0.0)] = 0.0
        return float(np.mean(1.0 - ratio))


def _total_squares(samples: Samples) -> Array:
    weight = np.ones(samples.n_samples) if samples.weight is None else samples.weight
    target = samples.target.astype(np.float64)
    mean = weight @ target / weight.sum()
    squares: Array = weight @ (target - mean) ** 2
    return squares


class StackTally:
    """Loss and score of several models on samples that all of them see in one pass.

    The same numbers as those of a `Tally` for each model.

    Args:
        samples: the data that will be tallied.
        loss: the loss to add up.
    """

    def __init__(self, samples: Samples, loss: Loss) -> None:
        self._loss = loss
        self._single = Tally(samples, loss)
        self._mass = self._single.mass

    def __call__(self, chunk: Chunk) -> list[tuple[float, float]]:
        """Return (loss, score) of each model, whose `chunk` has one more axis in front."""
        if chunk.codes is None:
            return [self._alone(chunk.of_model(model)) for model in range(len(chunk.output))]
        losses = self._loss.totals(chunk.output, chunk.target, chunk.weight)
        hits = chunk.output.argmax(axis=2) == chunk.codes
        if chunk.weight is None:
            right = np.count_nonzero(hits, axis=1).tolist()
        else:
            pairs = zip(hits, chunk.weight[:, :, 0], strict=True)
            right = [float(own @ weight) for own, weight in pairs]
        return [
            (loss / self._mass, own / self._mass) for loss, own in zip(losses, right, strict=True)
        ]

    def _alone(self, chunk: Chunk) -> tuple[float, float]:
        self._single.add(chunk)
        return self._single.take()
