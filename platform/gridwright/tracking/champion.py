"""The champion of a data set: its best run, registered once its loaded copy has proved itself."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from mlflow.exceptions import MlflowException

from gridwright.errors import GridwrightError, TrackingError
from gridwright.tracking import tags
from gridwright.tracking.examples import PROBES, read_probes
from gridwright.tracking.manifest import default_output, read_checked
from gridwright.tracking.model_artifact import DATA, FOLDER
from gridwright.tracking.quiet_mlflow import pyfunc
from gridwright.tracking.ranking import rank_key, ranked, ranking_metrics, score_name
from gridwright.tracking.store_errors import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow.entities.model_registry import ModelVersion

    from gridwright.contract import Array, RankBy
    from gridwright.tracking.records import FinishedRun
    from gridwright.tracking.store import Store

PromoteMode = Literal["auto", "force", "never"]

CHAMPION = "champion"
CHALLENGER = "challenger"
# Metrics that a model version tells, besides those that rank.
_TOLD = ("validation_score", "test_score", "train_score")
#: How far a loaded copy may be off, of each value and of the largest: another device sums float32
#: in another order, and the last layer's exponentials enlarge what that makes.
_RELATIVE, _ABSOLUTE = 1e-3, 1e-5


@dataclass(frozen=True, slots=True)
class PromotionOutcome:
    """What became of the best run of a sweep.

    Attributes:
        model_name: the registered model, named after the data set.
        version: its version made from `run_id`; None where none was made.
        run_id: the best run; None where every trial failed.
        moved: whether the alias `champion` points to it now and did not before.
        champion: the version that holds the alias now; None where none is known to.
        sentence: the same for a reader.
        error: why the best run was refused; None where it was not.
    """

    model_name: str
    version: str | None
    run_id: str | None
    moved: bool
    champion: str | None
    sentence: str
    error: GridwrightError | None = None

    @classmethod
    def none(
        cls,
        model_name: str,
        sentence: str,
        *,
        run_id: str | None = None,
        error: GridwrightError | None = None,
    ) -> PromotionOutcome:
        """Return what it is where nothing was registered."""
        return cls(
            model_name,
            None,
            run_id,
            moved=False,
            champion=None,
            sentence=sentence,
            error=error,
        )


def promote(
    store: Store,
    runs: Sequence[FinishedRun],
    *,
    model_name: str,
    rank_by: RankBy,
    mode: PromoteMode = "auto",
    sweep_run_id: str | None = None,
) -> PromotionOutcome:
    """Register the best of `runs`, trials of one data set, and move `champion` if it earned it.

    In mode `auto` the alias moves where there is no champion yet, or where the new run beats it
    on the same data by the same metric. Any other run becomes `challenger`.
    `force` moves the alias all the same; `never` registers nothing.

    Raises:
        TrackingError: the loaded copy does not predict what the trial recorded; then nothing is
            registered and the alias stays.
    """
    best = next((run for run in ranked(runs, rank_by) if run.failure is None), None)
    if best is None:
        return PromotionOutcome.none(model_name, "no trial finished: nothing to promote")
    if mode == "never":
        sentence = f"{_score(best, rank_by)} is the best; promote=never leaves the champion alone"
        return PromotionOutcome.none(model_name, sentence, run_id=best.run_id)
    with store.lock, sentences(store.settings, f"promote run {best.run_id}"):
        return _Promotion(store, model_name, rank_by).decide(best, mode, sweep_run_id)


class _Promotion:
    """One decision about one registered model."""

    def __init__(self, store: Store, model_name: str, rank_by: RankBy) -> None:
        self._store = store
        self._client = store.client
        self._name = model_name
        self._rank_by = rank_by

    def decide(
        self, best: FinishedRun, mode: PromoteMode, sweep_run_id: str | None
    ) -> PromotionOutcome:
        champion = self._champion()
        if champion is not None and champion.run_id == best.run_id:
            return self._outcome(
                champion, champion, best, f"version {champion.version} is the champion already"
            )
        check_copy(self._store, best)
        version = self._register(best, sweep_run_id)
        # Checking a copy takes a while, and on a shared server others may have promoted meanwhile.
        champion = self._champion()
        refusal = None if champion is None or mode == "force" else self._refusal(champion, best)
        if champion is not None and refusal is not None:
            self._client.set_registered_model_alias(self._name, CHALLENGER, version.version)
            sentence = f"{refusal}; version {version.version} is the {CHALLENGER}"
            return self._outcome(version, champion, best, sentence)
        # One statement: a reader sees the old champion or the new one, both whole.
        self._client.set_registered_model_alias(self._name, CHAMPION, version.version)
        self._retire_challenger(version)
        return self._outcome(
            version,
            version,
            best,
            f"version {version.version} is the new champion, with {_score(best, self._rank_by)}",
            moved=True,
        )

    def _refusal(self, champion: ModelVersion, best: FinishedRun) -> str | None:
        """Return why `best` does not take the place of `champion`; None where it does."""
        beaten = self._beaten(champion, best)
        if beaten is None:
            return (
                f"version {champion.version} stays the champion, as it was measured on other data "
                "or by another metric (promote=force replaces it)"
            )
        if not beaten:
            return (
                f"version {champion.version} stays the champion, "
                f"{_score(best, self._rank_by)} does not beat it"
            )
        return None

    def _retire_challenger(self, champion: ModelVersion) -> None:
        """Take the alias `challenger` off a version that is the champion now."""
        held = self._client.get_registered_model(self._name).aliases
        if str(held.get(CHALLENGER)) == str(champion.version):
            self._client.delete_registered_model_alias(self._name, CHALLENGER)

    def _champion(self) -> ModelVersion | None:
        try:
            return self._client.get_model_version_by_alias(self._name, CHAMPION)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return None
            raise

    def _beaten(self, champion: ModelVersion, best: FinishedRun) -> bool | None:
        """Tell whether `best` beats the champion; None where the two cannot be compared."""
        same = (
            champion.tags.get("gridwright.data_digest") == best.data_digest
            and champion.tags.get(tags.DATASET_KEY) == best.dataset_key
        )
        if not same:
            return None
        incumbent = {
            name: float(champion.tags[f"gridwright.{name}"])
            for name in ranking_metrics(self._rank_by)
        }
        return rank_key(best.metrics, self._rank_by) < rank_key(incumbent, self._rank_by)

    def _register(self, best: FinishedRun, sweep_run_id: str | None) -> ModelVersion:
        """Return the version of this run: the one that is there, or a new one."""
        if not self._client.search_registered_models(f"name = '{self._name}'"):
            self._client.create_registered_model(self._name)
        known = self._client.search_model_versions(
            f"name = '{self._name}' and run_id = '{best.run_id}'"
        )
        if known:
            return known[0]
        return self._client.create_model_version(
            self._name,
            source=f"runs:/{best.run_id}/{FOLDER}",
            run_id=best.run_id,
            description=self._description(best, sweep_run_id),
            tags={
                "gridwright.data_digest": best.data_digest,
                tags.DATASET_KEY: best.dataset_key,
                tags.RANK_BY: self._rank_by,
                "gridwright.run": best.run_id,
                "gridwright.dataset": best.dataset,
                "gridwright.model": best.model,
                **{
                    f"gridwright.{name}": repr(best.metrics.get(name, math.nan))
                    for name in (*ranking_metrics(self._rank_by), *_TOLD)
                    if name in best.metrics or name not in _TOLD
                },
                **({} if sweep_run_id is None else {"gridwright.sweep": sweep_run_id}),
            },
        )

    def _description(self, best: FinishedRun, sweep_run_id: str | None) -> str:
        scores = ", ".join(
            f"{name} {best.metrics[name]:.4f}" for name in _TOLD if name in best.metrics
        )
        sweep = "" if sweep_run_id is None else f" of sweep {sweep_run_id}"
        return (
            f"{best.model} on {best.dataset} ({scores}), run {best.run_id}{sweep}; SHA-256 of the "
            f"data {best.data_digest}. `gridwright rerun={best.run_id}` repeats it."
        )

    def _outcome(
        self,
        version: ModelVersion,
        champion: ModelVersion,
        best: FinishedRun,
        sentence: str,
        *,
        moved: bool = False,
    ) -> PromotionOutcome:
        return PromotionOutcome(
            self._name,
            str(version.version),
            best.run_id,
            moved=moved,
            champion=str(champion.version),
            sentence=f"{self._name}: {sentence}",
        )


def check_copy(store: Store, run: FinishedRun) -> None:
    """Load the stored model of `run` as a server would, and compare it with what was recorded.

    Raises:
        TrackingError: it cannot be loaded, or predicts something else.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(store.client.download_artifacts(run.run_id, FOLDER, name))
        try:
            predicted, recorded = _predict(folder)
        except OSError as error:
            raise TrackingError(
                f"run {run.run_id} holds no {PROBES} to check its model with: run its trial again"
            ) from error
        except GridwrightError as error:
            raise TrackingError(
                f"the stored model of run {run.run_id} cannot be loaded, so that the champion "
                f"stays: {error}"
            ) from error
        except Exception as error:
            raise TrackingError(
                f"the stored model of run {run.run_id} fails when it is loaded and asked as a "
                f"server would, so that the champion stays: {type(error).__name__}: {error}"
            ) from error
    if difference := _difference(predicted, recorded):
        raise TrackingError(
            f"the stored model of run {run.run_id} does not predict what its trial recorded "
            f"({difference}), so that the champion stays: does the plugin's load restore all that "
            "save writes?"
        )


def _difference(predicted: Array, recorded: Array) -> str:
    """Return how two predictions differ; nothing where a reader of them would not know."""
    if predicted.shape != recorded.shape:
        return f"{predicted.shape} values in place of {recorded.shape}"
    tolerance = _ABSOLUTE * float(np.abs(recorded).max(initial=0.0))
    if np.allclose(predicted, recorded, rtol=_RELATIVE, atol=tolerance):
        return ""
    return f"the largest difference is {np.abs(predicted - recorded).max():.2g}"


def _predict(folder: Path) -> tuple[Array, Array]:
    """Return what a server of the model in `folder` answers to its probes, and what was recorded.

    The answers are probabilities, or values.
    """
    if not (folder / PROBES).is_file():
        raise FileNotFoundError(folder / PROBES)
    manifest = read_checked(folder / DATA)
    model = pyfunc.load_model(str(folder))
    asked, recorded = read_probes(folder, manifest, model.metadata.get_input_schema())
    output = "probabilities" if manifest.task == "classification" else default_output(manifest.task)
    return np.asarray(model.predict(asked, params={"output": output})), recorded


def _score(run: FinishedRun, rank_by: RankBy) -> str:
    name = score_name(rank_by)
    return f"run {run.run_id} ({name} {run.metrics[name]:.4f})"
