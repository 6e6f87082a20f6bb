"""Trials whose models are trained together: the same steps as `trial`, with one fit for all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gridwright.captured_output import captured_output
from gridwright.contract import BatchingPlugin
from gridwright.errors import PluginError
from gridwright.histories import EpochRecorder
from gridwright.trial import TrialUnderWay, threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Estimator, ModelPlugin, TrialResult, TrialSpec
    from gridwright.datasets import TrialData

#: Metric of a trial whose model was trained with others: how many there were.
TRAINED_TOGETHER = "trained_together"


def batch_key(spec: TrialSpec, data: TrialData, plugin: ModelPlugin) -> str | None:
    """Return what trials that are trained together have in common; None for one that runs alone.

    Cross-validation trains several models of its own, and a time limit is one trial's.
    """
    resources = spec.config.get("resources", {})
    if (
        not isinstance(plugin, BatchingPlugin)
        or data.divisions
        or resources.get("timeout") is not None
        or not resources.get("batch", True)
    ):
        return None
    key = plugin.batch_key(spec.parameters, data.description)
    return None if key is None else f"{spec.model} {spec.dataset_key} {key}"


def run_trial_batch(
    specs: Sequence[TrialSpec], data: TrialData, plugin: ModelPlugin
) -> list[TrialResult]:
    """Train and measure trials of one `batch_key`; each has a result of its own, failed or not.

    `fit_seconds` of a trial is its share of the common training.

    Raises:
        PluginError: the plugin's `fit_batch` breaks its contract.
    """
    trials = [TrialUnderWay(spec, data, plugin, EpochRecorder(None), None) for spec in specs]
    with captured_output() as printed, threads(specs[0].config):
        built = [estimator for trial in trials for estimator in _built(trial)]
        going = [trial for trial in trials if trial.failure is None]
        _fit(going, built, data, plugin)
        for trial, estimator in zip(going, built, strict=True):
            if trial.failure is None:
                _evaluate(trial, estimator)
    return [trial.result(printed.text) for trial in trials]


def _built(trial: TrialUnderWay) -> list[Estimator]:
    built: list[Estimator] = []
    trial.attempt(lambda: built.append(trial.build()))
    return built


def _evaluate(trial: TrialUnderWay, estimator: Estimator) -> None:
    trial.attempt(lambda: trial.evaluate(estimator))


def _fit(
    trials: Sequence[TrialUnderWay],
    estimators: Sequence[Estimator],
    data: TrialData,
    plugin: ModelPlugin,
) -> None:
    if not trials or not isinstance(plugin, BatchingPlugin):
        return
    begun = time.perf_counter()
    failures = plugin.fit_batch(
        estimators,
        data.x_train,
        data.y_train,
        trials[0].validation,
        [trial.recorder for trial in trials],
    )
    if len(failures) != len(trials):
        raise PluginError(
            f"model plugin '{plugin.name}': fit_batch returned {len(failures)} outcomes for "
            f"{len(trials)} estimators; it must return one for each"
        )
    seconds = (time.perf_counter() - begun) / len(trials)
    for trial, failure in zip(trials, failures, strict=True):
        trial.trained(seconds)
        trial.metrics[TRAINED_TOGETHER] = float(len(trials))
        if failure is not None:
            trial.fail(failure)
