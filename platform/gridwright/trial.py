"""One trial: build, train, evaluate and store, into a `TrialResult` that holds everything."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import time
import traceback
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from gridwright.captured_output import captured_output
from gridwright.checkpoints import RESUMED_EPOCH, Progress
from gridwright.contract import GPUS_VARIABLE, Failure, TrialResult
from gridwright.cross_validation import cross_validated
from gridwright.errors import GridwrightError, PluginError, TrainingDiverged
from gridwright.evaluation import evaluate, predictions
from gridwright.histories import EpochRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from threadpoolctl import ThreadpoolController

    from gridwright.checkpoints import Checkpoints, TrialCheckpoint
    from gridwright.contract import (
        Array,
        EpochRecord,
        Estimator,
        ModelPlugin,
        OnEpoch,
        TrialSpec,
    )
    from gridwright.datasets import TrialData

#: What a configuration holds besides the trial itself: where and how it runs and is kept.
_NOT_IN_KEY = frozenset(
    {
        "dry_run",
        "forecast",
        "hydra",
        "promote",
        "rerun",
        "resources",
        "reuse",
        "strict",
        "top",
        "tracking",
    }
)


def trial_key(config: Mapping[str, Any], data_digest: str, plugin_version: str) -> str:
    """Return the SHA-256, in hexadecimal, of all that decides what a trial computes.

    Two trials of one key are the same trial: the order of the keys of `config`, the tracking
    store and the resources make no difference.
    """
    identity = {
        "config": {name: value for name, value in config.items() if name not in _NOT_IN_KEY},
        "data_digest": data_digest,
        "plugin_version": plugin_version,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def run_trial(
    spec: TrialSpec,
    data: TrialData,
    plugin: ModelPlugin,
    on_epoch: OnEpoch | None = None,
    checkpoints: Checkpoints | None = None,
) -> TrialResult:
    """Train and measure one trial; a training that fails is a result, too, and never an exception.

    Args:
        spec: the trial.
        data: its data, already split.
        plugin: builds the estimator.
        on_epoch: hears of each epoch while it runs; returning True stops the training there.
        checkpoints: where an estimator that can go on leaves its state, and takes it up from a
            training that was cut off. Whoever keeps the result discards the checkpoint then.
    """
    trial = TrialUnderWay(spec, data, plugin, EpochRecorder(on_epoch), checkpoints)
    with captured_output() as printed:
        trial.attempt(trial.run)
    return trial.result(printed.text)


class TrialUnderWay:
    """The steps of a trial and what they have brought so far, which a failure leaves behind."""

    def __init__(
        self,
        spec: TrialSpec,
        data: TrialData,
        plugin: ModelPlugin,
        recorder: EpochRecorder,
        checkpoints: Checkpoints | None,
    ) -> None:
        self.started_ms = time.time_ns() // 1_000_000
        self.spec = spec
        self.data = data
        self.plugin = plugin
        self.recorder = recorder
        self.checkpoint = None if checkpoints is None else checkpoints.of(spec.key)
        self.metrics: dict[str, float] = {}
        self.files: dict[str, bytes] = {}
        self.probe_rows: Array | None = None
        self.probe_predictions: Array | None = None
        self.failure: Failure | None = None

    def attempt(self, step: Callable[[], None]) -> None:
        """Do a step of the trial; whatever it raises is the failure of this trial only."""
        try:
            step()
        except SystemExit as error:
            # It would end the worker, and whatever else the worker has to do.
            self.fail(PluginError(f"the model's code called sys.exit({error.code!r})"))
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Note why the trial has failed."""
        if isinstance(error, TrainingDiverged):
            self.failure = Failure("diverged", error.reason, error.epoch)
        else:
            self.failure = _error(error, self.recorder.epoch_under_way)

    def run(self) -> None:
        """Do all steps."""
        estimator = self.build()
        with threads(self.spec.config):
            if self.data.divisions:
                self.metrics |= cross_validated(self.spec, self.data, self.plugin)
            self.fit(estimator)
            self.evaluate(estimator)

    def build(self) -> Estimator:
        """Return the untrained estimator."""
        description = self.data.description
        os.environ[GPUS_VARIABLE] = str(self.spec.config.get("resources", {}).get("gpus", 0))
        return self.plugin.build(
            self.spec.parameters, description.task, description, self.spec.seed
        )

    def evaluate(self, estimator: Estimator) -> None:
        """Measure a trained estimator, and store it."""
        self.measure(estimator)
        self.probe(estimator)
        self.files = _model_files(estimator)

    def result(self, log: str) -> TrialResult:
        """Return what the trial leaves; `log` is what it printed."""
        failed = self.failure is not None
        return TrialResult(
            key=self.spec.key,
            started_ms=self.started_ms,
            ended_ms=time.time_ns() // 1_000_000,
            epoch_ms=self.recorder.epoch_ms,
            histories=self.recorder.histories,
            metrics={name: value for name, value in self.metrics.items() if math.isfinite(value)},
            failure=self.failure,
            files={} if failed else self.files,
            probe_rows=None if failed else self.probe_rows,
            probe_predictions=None if failed else self.probe_predictions,
            log=log,
        )

    @property
    def validation(self) -> tuple[Array, Array] | None:
        """The part that is scored after each epoch, if there is one."""
        x, y = self.data.x_validation, self.data.y_validation
        return None if x is None or y is None else (x, y)

    def fit(self, estimator: Estimator) -> None:
        """Train, from the checkpoint of an interrupted training if there is one."""
        data = self.data
        on_epoch: OnEpoch = self.recorder
        start = time.perf_counter()
        if self.checkpoint is not None:
            start -= self.take_up(estimator, self.checkpoint)
            on_epoch = self.with_checkpoints(estimator, self.checkpoint, start)
        try:
            with self.recorder.training():
                estimator.fit(data.x_train, data.y_train, self.validation, on_epoch)
        finally:
            self.trained(time.perf_counter() - start)

    def trained(self, seconds: float) -> None:
        """Note how long the training took, and its epochs."""
        self.metrics["fit_seconds"] = seconds
        self.metrics["epochs_run"] = float(self.recorder.n_epochs)

    def take_up(self, estimator: Estimator, checkpoint: TrialCheckpoint) -> float:
        """Go on where an interrupted training was, if one was; return the seconds it had taken."""
        progress = checkpoint.restore(estimator)
        if progress is None:
            return 0.0
        self.started_ms = progress.started_ms
        self.recorder.take_up(progress.records, progress.epoch_ms)
        self.metrics[RESUMED_EPOCH] = float(self.recorder.n_epochs)
        return progress.fit_seconds

    def with_checkpoints(
        self, estimator: Estimator, checkpoint: TrialCheckpoint, start: float
    ) -> OnEpoch:
        """Return the recorder, followed by a checkpoint; `start` is on the clock of the fit."""

        def on_epoch(record: EpochRecord) -> bool:
            stop = self.recorder(record)
            if not stop:
                checkpoint.save_if_due(
                    estimator, lambda: self.progress(time.perf_counter() - start)
                )
            return stop

        return on_epoch

    def progress(self, fit_seconds: float) -> Progress:
        """Return how far the training is, for a checkpoint."""
        moments = tuple(self.recorder.epoch_ms.tolist())
        return Progress(self.started_ms, fit_seconds, self.recorder.records, moments)

    def measure(self, estimator: Estimator) -> None:
        """Score every part of the data.

        Raises:
            TrainingDiverged: a score is no finite number.
        """
        data = self.data
        parts = {"train": (data.x_train, data.y_train), "test": (data.x_test, data.y_test)}
        if self.spec.rank_by == "validation":
            parts["validation"] = (data.x_validation, data.y_validation)
        for part, (x, y) in parts.items():
            if x is None or y is None:
                continue
            for name, value in evaluate(estimator, x, y, data.description)._asdict().items():
                self.metrics[f"{part}_{name}"] = value
                if not math.isfinite(value):
                    raise TrainingDiverged(
                        self.recorder.n_epochs, f"the final {part}_{name} is {value}"
                    )

    def probe(self, estimator: Estimator) -> None:
        """Keep some predictions, for the check of the stored model."""
        x = self.data.x_train if self.data.x_test is None else self.data.x_test
        rows = self.data.probe_rows
        self.probe_rows = rows
        self.probe_predictions = predictions(estimator, x[rows], self.data.description)


def threads(config: Mapping[str, Any]) -> AbstractContextManager[Any]:
    """Hold the thread pools of native libraries to the CPUs of the trial."""
    cpus = config.get("resources", {}).get("cpus", 1)
    pools = _thread_pools(len(sys.modules))
    limited: AbstractContextManager[Any] = pools.limit(limits=max(1, int(cpus)))
    return limited


@lru_cache(maxsize=1)
def _thread_pools(n_modules: int) -> ThreadpoolController:  # noqa: ARG001 - the cache's key
    """Return the thread pools of this process; the 3 ms search is repeated after an import."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _model_files(estimator: Estimator) -> dict[str, bytes]:
    with TemporaryDirectory(prefix="gridwright-") as name:
        folder = Path(name)
        estimator.save(folder)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    if not files:
        raise PluginError(f"{type(estimator).__name__}.save wrote no file")
    return files


def _error(error: Exception, epoch: int | None) -> Failure:
    reason = (
        str(error) if isinstance(error, GridwrightError) else f"{type(error).__name__}: {error}"
    )
    trace = "".join(traceback.format_exception(error))
    return Failure("error", " ".join(reason.split()), epoch, trace)
