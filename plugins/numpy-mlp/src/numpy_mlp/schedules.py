"""Learning-rate schedules: a factor on eta for each epoch."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Final

from numpy_mlp.notation import Choice, check_number, choose


class Schedule(Choice):
    """A factor on the learning rate that changes from epoch to epoch."""

    kind = "schedule"

    @abstractmethod
    def factor(self, epoch: int, epochs: int) -> float:
        """Return the factor for `epoch` (from 0) of `epochs`."""


@dataclass(frozen=True)
class Constant(Schedule):
    """eta itself, in every epoch."""

    def factor(self, epoch: int, epochs: int) -> float:  # noqa: ARG002  # fixed signature
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """eta * rate^(epoch // every): one drop every so many epochs."""

    rate: float = 0.1
    every: int = 30

    def __post_init__(self) -> None:
        check_number("schedule StepDecay: rate", self.rate, 0.0, 1.0, above=True)
        check_number("schedule StepDecay: every", self.every, 1)

    def factor(self, epoch: int, epochs: int) -> float:  # noqa: ARG002  # fixed signature
        """Return rate^(epoch // every)."""
        return self.rate ** (epoch // self.every)


@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """eta * rate^epoch."""

    rate: float = 0.99

    def __post_init__(self) -> None:
        check_number("schedule ExponentialDecay: rate", self.rate, 0.0, 1.0, above=True)

    def factor(self, epoch: int, epochs: int) -> float:  # noqa: ARG002  # fixed signature
        """Return rate^epoch."""
        return self.rate**epoch


@dataclass(frozen=True)
class InverseTimeDecay(Schedule):
    """eta / (1 + rate * epoch): the classic condition of stochastic approximation."""

    rate: float = 0.01

    def __post_init__(self) -> None:
        check_number("schedule InverseTimeDecay: rate", self.rate, 0.0)

    def factor(self, epoch: int, epochs: int) -> float:  # noqa: ARG002  # fixed signature
        """Return 1 / (1 + rate * epoch)."""
        return 1.0 / (1.0 + self.rate * epoch)


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """From eta down to eta * floor along half a cosine (arXiv:1608.03983, without restarts)."""

    floor: float = 0.0

    def __post_init__(self) -> None:
        check_number("schedule CosineDecay: floor", self.floor, 0.0, 1.0)

    def factor(self, epoch: int, epochs: int) -> float:
        """Return floor + (1 - floor) (1 + cos(pi epoch / epochs)) / 2; floor after the last one."""
        done = min(1.0, epoch / epochs)
        return self.floor + (1.0 - self.floor) * 0.5 * (1.0 + math.cos(math.pi * done))


SCHEDULES: Final[dict[str, type[Schedule]]] = {
    "Constant": Constant,
    "StepDecay": StepDecay,
    "ExponentialDecay": ExponentialDecay,
    "InverseTimeDecay": InverseTimeDecay,
    "CosineDecay": CosineDecay,
}


def schedule(wanted: object) -> Schedule:
    """Return the schedule that `wanted` stands for (see `notation.choose`)."""
    return choose("schedule", SCHEDULES, wanted)
