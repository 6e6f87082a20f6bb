"""First-order optimizers: update rules on one flat parameter vector, in place (section 1.4).

Notation: w parameters, g gradient, eta learning rate; all operations elementwise. Each rule is the
one that Keras runs, where `epsilon` stands inside or outside of the root included, so that results
can be compared step by step. `step` may use `gradient` as scratch: it is written anew anyway.

`AXPY[dtype.char](x, y, a=a)` is BLAS for y += a * x, `SCAL[dtype.char](a, x)` for x *= a, in place.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from numpy_mlp.blas import AXPY, SCAL
from numpy_mlp.notation import Choice, check_number, choose

if TYPE_CHECKING:
    from gridwright.contract import Array


@dataclass(slots=True)
class State:
    """What an optimizer remembers between steps.

    Attributes:
        memories: vectors as long as the parameters.
        steps: steps done.
    """

    memories: tuple[Array, ...]
    steps: int = 0


class Optimizer(Choice):
    """An update rule; its numbers are fields, its memory is a `State`."""

    kind = "optimizer"
    #: Vectors that the rule remembers.
    memories: ClassVar[int] = 0

    def start(self, parameters: Array) -> State:
        """Return the memory for a training of `parameters`."""
        return State(tuple(np.zeros_like(parameters) for _ in range(self.memories)))

    @abstractmethod
    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """w -= eta g, eq. 11."""

    def step(
        self,
        parameters: Array,
        gradient: Array,
        eta: float,
        state: State,  # noqa: ARG002  # fixed signature
    ) -> None:
        """Update `parameters`, in place."""
        AXPY[parameters.dtype.char](gradient, parameters, a=-eta)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v = mu v - eta g; w += v (Polyak 1964). With mu = 0 it is gradient descent."""

    memories = 1
    mu: float = 0.9

    def __post_init__(self) -> None:
        check_number(f"optimizer {type(self).__name__}: mu", self.mu, 0.0, 1.0, below=True)

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""
        axpy = AXPY[parameters.dtype.char]
        (velocity,) = state.memories
        SCAL[parameters.dtype.char](self.mu, velocity)
        axpy(gradient, velocity, a=-eta)
        np.add(parameters, velocity, out=parameters)


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v = mu v - eta g; w += mu v - eta g: momentum with the gradient of where it leads."""

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""
        axpy = AXPY[parameters.dtype.char]
        (velocity,) = state.memories
        SCAL[parameters.dtype.char](self.mu, velocity)
        axpy(gradient, velocity, a=-eta)
        axpy(velocity, parameters, a=self.mu)
        axpy(gradient, parameters, a=-eta)


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """s += g^2; w -= eta g / sqrt(s + epsilon), s starting at `start_value` (Duchi et al. 2011)."""

    memories = 1
    start_value: float = 0.1
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        check_number("optimizer Adagrad: start_value", self.start_value, 0.0)
        check_number("optimizer Adagrad: epsilon", self.epsilon, 0.0, above=True)

    def start(self, parameters: Array) -> State:
        """Return s, filled with its starting value."""
        state = super().start(parameters)
        state.memories[0].fill(self.start_value)
        return state

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""
        axpy = AXPY[parameters.dtype.char]
        (squares,) = state.memories
        squares += gradient * gradient
        gradient /= np.sqrt(squares + self.epsilon)
        axpy(gradient, parameters, a=-eta)


@dataclass(frozen=True)
class AdaDelta(Optimizer):
    """Steps in the units of the parameters themselves (Zeiler 2012, arXiv:1212.5701).

    s = rho s + (1 - rho) g^2; d = g sqrt(u + epsilon) / sqrt(s + epsilon);
    u = rho u + (1 - rho) d^2; w -= eta d. The article has no eta: 1.
    """

    memories = 2
    rho: float = 0.95
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        check_number("optimizer AdaDelta: rho", self.rho, 0.0, 1.0, below=True)
        check_number("optimizer AdaDelta: epsilon", self.epsilon, 0.0, above=True)

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""
        axpy = AXPY[parameters.dtype.char]
        squares, moves = state.memories
        squares *= self.rho
        squares += (1.0 - self.rho) * gradient * gradient
        gradient *= np.sqrt((moves + self.epsilon) / (squares + self.epsilon))
        moves *= self.rho
        moves += (1.0 - self.rho) * gradient * gradient
        axpy(gradient, parameters, a=-eta)


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """s = rho s + (1 - rho) g^2; w -= eta g / sqrt(s + epsilon) (Hinton's lecture 6e, 2012)."""

    memories = 1
    rho: float = 0.9
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        check_number("optimizer RMSProp: rho", self.rho, 0.0, 1.0, below=True)
        check_number("optimizer RMSProp: epsilon", self.epsilon, 0.0, above=True)

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""
        axpy = AXPY[parameters.dtype.char]
        (squares,) = state.memories
        squares *= self.rho
        squares += (1.0 - self.rho) * gradient * gradient
        gradient /= np.sqrt(squares + self.epsilon)
        axpy(gradient, parameters, a=-eta)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Bias-corrected moments (Kingma and Ba 2015, arXiv:1412.6980), in the article's fast order.

    m = b1 m + (1 - b1) g; s = b2 s + (1 - b2) g^2;
    w -= eta sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(s) + epsilon).
    """

    memories = 2
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def __post_init__(self) -> None:
        for name in ("beta_1", "beta_2"):
            value = getattr(self, name)
            check_number(f"optimizer Adam: {name}", value, 0.0, 1.0, below=True)
        check_number("optimizer Adam: epsilon", self.epsilon, 0.0, above=True)

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Update `parameters`, in place."""
        axpy = AXPY[parameters.dtype.char]
        mean, squares = state.memories
        state.steps += 1
        np.multiply(mean, self.beta_1, out=mean)
        axpy(gradient, mean, a=1.0 - self.beta_1)
        np.multiply(squares, self.beta_2, out=squares)
        np.multiply(gradient, gradient, out=gradient)
        axpy(gradient, squares, a=1.0 - self.beta_2)
        np.sqrt(squares, out=gradient)
        np.add(gradient, self.epsilon, out=gradient)
        np.divide(mean, gradient, out=gradient)
        bias = math.sqrt(1.0 - self.beta_2**state.steps) / (1.0 - self.beta_1**state.steps)
        axpy(gradient, parameters, a=-eta * bias)


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Limited-memory BFGS on the whole training set, by scipy (Liu and Nocedal 1989).

    An epoch is one of its iterations; eta, mu, batch_size and the schedule play no part.

    Attributes:
        corrections: gradient pairs that it remembers.
    """

    corrections: int = 10

    def __post_init__(self) -> None:
        check_number("optimizer LBFGS: corrections", self.corrections, 1)

    def step(self, parameters: Array, gradient: Array, eta: float, state: State) -> None:
        """Not a rule of single steps: see `lbfgs.train_lbfgs`."""
        raise NotImplementedError("L-BFGS needs the whole training set: lbfgs.train_lbfgs")


OPTIMIZERS: Final[dict[str, type[Optimizer]]] = {
    "GradientDescent": GradientDescent,
    "Momentum": Momentum,
    "Nesterov": Nesterov,
    "Adagrad": Adagrad,
    "AdaDelta": AdaDelta,
    "RMSProp": RMSProp,
    "Adam": Adam,
    "LBFGS": LBFGS,
}


def optimizer(wanted: object, mu: float) -> Optimizer:
    """Return the optimizer that `wanted` stands for; momentum takes `mu` unless it says its own."""
    return choose("optimizer", OPTIMIZERS, wanted, mu=mu)
