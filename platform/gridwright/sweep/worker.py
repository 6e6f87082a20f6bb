"""What runs in a worker: a Ray Tune trainable whose steps are trials. It never imports mlflow."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ray import tune

from gridwright.machine import own_memory
from gridwright.plugins import load_model_plugin
from gridwright.sweep.deadline import Deadline
from gridwright.sweep.failed import failed_by
from gridwright.trial import run_trial
from gridwright.trial_batch import run_trial_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import TrialResult, TrialSpec
    from gridwright.datasets import TrialData

    TrialFunction = Callable[[TrialSpec, TrialData], TrialResult]

#: Key of Tune's configuration: which trials a pack holds.
PACK = "pack"
#: Key of Tune's result: the `TrialResult`s of one step.
PAYLOAD = "payload"


def without_payload(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a scheduler is to see of one of Tune's results."""
    return {name: value for name, value in result.items() if name != PAYLOAD}


def run_with_plugin(
    spec: TrialSpec, data: TrialData, checkpoints: Checkpoints | None = None
) -> TrialResult:
    """Run one trial with the plugin that it names, within its time."""
    plugin = load_model_plugin(spec.model)
    if spec.config.get("resources", {}).get("timeout") is not None:
        # What the plugin imports is no part of the time of the trial that comes first.
        with suppress(Exception):
            plugin.build(spec.parameters, data.description.task, data.description, spec.seed)
    with Deadline(spec) as deadline:
        return run_trial(spec, data, plugin, deadline, checkpoints)


def run_batch_with_plugin(specs: Sequence[TrialSpec], data: TrialData) -> list[TrialResult]:
    """Train trials together, with the plugin that they name."""
    return run_trial_batch(specs, data, load_model_plugin(specs[0].model))


class PackTrainable(tune.Trainable):  # type: ignore[misc]  # ray ships no types
    """A pack of trials; each step runs one and returns its result at once.

    A batch, of trials whose models are trained together, is a pack of one step. The actor is
    reused: the next pack costs a call, not a process. One that has grown too much declines, since
    some frameworks never free all that a training took, and Tune starts another.
    """

    def setup(
        self,
        config: dict[str, Any],
        *,
        specs: Sequence[TrialSpec] = (),
        data: Mapping[str, TrialData] | None = None,
        trial_function: TrialFunction = run_with_plugin,
        growth: int | None = None,
        batches: AbstractSet[tuple[int, ...]] = frozenset(),
    ) -> None:
        """Keep what all packs share: it came once, through the object store, read-only.

        Args:
            config: which pack comes first.
            specs: all trials.
            data: by `TrialSpec.dataset_key`.
            trial_function: runs one trial.
            growth: bytes by which this process may grow before it declines another pack.
            batches: the packs whose trials are trained together.
        """
        self._growth = growth
        self._first_size: int | None = None
        self._specs = specs
        self._data = data or {}
        self._trial_function = trial_function
        self._batches = batches
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin another pack; return False where another process should."""
        if self._has_grown():
            return False
        self._begin(new_config)
        return True

    def _begin(self, new_config: dict[str, Any]) -> None:
        self._pack = list(new_config[PACK])
        self._next = 0

    def _has_grown(self) -> bool:
        size = own_memory()
        if size is None or self._growth is None:
            return False
        if self._first_size is None:
            # After its first pack: what a plugin imports is no growth.
            self._first_size = size
        return size - self._first_size > self._growth

    def step(self) -> dict[str, Any]:
        """Run the next trial of the pack, or all of a batch."""
        places = [self._pack[self._next]]
        if tuple(self._pack) in self._batches:
            places = self._pack
        self._next += len(places)
        results = self._run_batch(places) if len(places) > 1 else (self._run(places[0]),)
        return {PAYLOAD: results, "done": self._next == len(self._pack)}

    def _run_batch(self, places: Sequence[int]) -> tuple[TrialResult, ...]:
        specs = [self._specs[place] for place in places]
        try:
            return tuple(run_batch_with_plugin(specs, self._data[specs[0].dataset_key]))
        except Exception:  # noqa: BLE001 - whatever it is, it is told by the trial it belongs to
            return tuple(map(self._run, places))

    def _run(self, place: int) -> TrialResult:
        spec = self._specs[place]
        try:
            return self._trial_function(spec, self._data[spec.dataset_key])
        except Exception as error:  # noqa: BLE001 - Tune would discard this worker and the pack
            return failed_by(spec.key, error)
