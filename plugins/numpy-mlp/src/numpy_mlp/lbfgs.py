"""Training by scipy's L-BFGS: the whole training set at once, an iteration per epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from numpy_mlp.evaluation import Evaluation, Passes
from numpy_mlp.network import Workspace, layer_views
from numpy_mlp.samples import Batches
from numpy_mlp.tally import Tally

if TYPE_CHECKING:
    from gridwright.contract import Array, Float64Array
    from numpy_mlp.history import History
    from numpy_mlp.network import Network
    from numpy_mlp.optimizers import LBFGS
    from numpy_mlp.samples import Samples
    from numpy_mlp.training import Plan


def train_lbfgs(
    network: Network,
    samples: Samples,
    plan: Plan,
    *,
    method: LBFGS,
    history: History,
    validation: Samples | None = None,
) -> None:
    """Train by scipy's L-BFGS on all samples at once, an iteration per epoch.

    Loss and gradient are added up batch by batch, so that memory does not grow with the data.

    Raises:
        TrainingDiverged: loss or parameters are no longer finite.
    """
    objective = _Objective(network, samples, plan.batch_size)
    evaluate = None if validation is None else Evaluation(network, validation, plan.batch_size)

    def after_iteration(intermediate_result: object) -> None:
        parameters = intermediate_result.x  # type: ignore[attr-defined]  # scipy's OptimizeResult
        scores = objective.scores_at(parameters)
        network.parameters[...] = parameters
        if history.add(scores, None if evaluate is None else evaluate()):
            raise StopIteration

    with np.errstate(all="ignore"):
        result = minimize(
            objective,
            network.parameters.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=after_iteration,
            options={"maxiter": plan.epochs, "maxcor": method.corrections, "maxls": 50},
        )
    network.parameters[...] = result.x
    if not history.training:  # it started in a minimum
        history.add(objective.scores_at(result.x), None if evaluate is None else evaluate())


class _Objective:
    """J with its penalty, and its gradient, as scipy wants them: float64, by the whole vector."""

    def __init__(self, network: Network, samples: Samples, batch_size: int) -> None:
        self._network = network
        self._batches = Batches(samples, batch_size, shuffled=False)
        self._passes = Passes(Workspace(network), self._batches)
        self._tally = Tally(samples, network.loss)
        self._mass = samples.n_samples
        self._part = np.empty_like(network.parameters)
        self._layers = layer_views(self._part, network.sizes)
        self._known: tuple[Float64Array, tuple[float, float]] = np.empty(0), (0.0, 0.0)

    def __call__(self, parameters: Float64Array) -> tuple[float, Float64Array]:
        network = self._network
        network.parameters[...] = parameters
        gradient = np.zeros(parameters.shape)
        for chunk in self._batches.chunks():
            for batch, one_pass in self._passes.of(chunk):
                network.forward(one_pass)
                network.backward(one_pass, batch.target, batch.weight, self._layers)
                # The penalty's gradient is in every part, and the shares add up to 1.
                share = len(batch.target) / self._mass
                gradient += share * self._part
            self._tally.add(chunk)
        scores = self._tally.take()
        self._known = parameters.copy(), scores
        return scores[0] + network.penalty(), gradient

    def scores_at(self, parameters: Array) -> tuple[float, float]:
        """Return (loss, score); free if that was the last point asked for."""
        known, scores = self._known
        if not np.array_equal(known, parameters):
            self(parameters)
            _, scores = self._known
        return scores
