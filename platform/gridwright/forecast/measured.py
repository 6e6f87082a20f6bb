"""What one cell took in a probe, and what follows of its whole trial."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """What one cell took, in CPU seconds of one core.

    Attributes:
        index: position among the specs that were to be probed.
        first: before the second epoch: preparation, and the first epoch; the whole training of
            a model that reports no epochs.
        epoch: each further epoch; 0 where there was none.
        epochs: epochs of the whole trial; None if the probe was a whole trial.
        rest: evaluation, predictions and storing.
        scale: training samples of the trial over those of the probe.
        start: what the first cell of a process takes longer, such as its imports.
        model_bytes: size of the stored model.
        memory: bytes that the process grew by.
        diverged: the training left the range of floating point numbers.
    """

    index: int
    first: float
    epoch: float
    epochs: int | None
    rest: float
    scale: float
    start: float
    model_bytes: int
    memory: int
    diverged: bool

    @property
    def seconds(self) -> float:
        """CPU seconds of the whole trial."""
        return self.fixed + self.each * (self.epochs or 0)

    @property
    def fixed(self) -> float:
        """CPU seconds of the trial whatever the number of its epochs."""
        if self.epochs is None:
            return (self.first + self.rest) * self.scale
        # Preparing and measuring pass over the data once, as an epoch does.
        return max(0.0, self.first - self.each_here) + self.rest * self.scale

    @property
    def each(self) -> float:
        """CPU seconds of one epoch on all of the trial's samples."""
        return self.each_here * self.scale if self.epochs is not None else 0.0

    @property
    def each_here(self) -> float:
        """CPU seconds of one epoch on the samples of the probe."""
        return self.epoch or self.first
