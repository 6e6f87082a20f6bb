"""A trial run again from what MLflow holds of it, and compared number by number.

Nothing is written: the run that is there stays what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from gridwright.errors import TrialFailed
from gridwright.machine import limit_threads
from gridwright.plugins import load_model_plugin
from gridwright.preflight import plan_trials
from gridwright.trial import run_trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridwright.contract import Failure, TrialResult, TrialSpec
    from gridwright.tracking.provenance import Provenance
    from gridwright.tracking.recorded_run import RecordedRun

#: Metrics of the clock and of the way there, which no repetition repeats.
_NOT_COMPARED = frozenset({"exploits", "fit_seconds", "resumed_epoch", "trained_together"})


class NotReproduced(TrialFailed):
    """A repetition that brought other numbers; the message says which, and what differs."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that differs.

    Attributes:
        name: of the metric or history, with the epoch of a history.
        recorded: what MLflow holds; None for nothing.
        obtained: what the repetition brought; None for nothing.
    """

    name: str
    recorded: float | None
    obtained: float | None


def repeat(recorded: RecordedRun, provenance: Provenance) -> str:
    """Run the trial again and return what came of it, for a reader.

    Args:
        recorded: the run.
        provenance: the code that is here now.

    Raises:
        NotReproduced: a number differs.
        DatasetError, ConfigurationError, PluginError: the trial cannot run here.
    """
    config = {**recorded.config, "dry_run": False}
    limit_threads(config["resources"]["cpus"])
    plan = plan_trials([([], config)])
    (spec,) = plan.specs
    result = run_trial(spec, plan.data[spec.dataset_key], load_model_plugin(spec.model))
    changed = list(changes(recorded, spec, provenance))
    different = list(differences(recorded, result))
    failure = _failure(recorded, result)
    name = f"run {recorded.run.run_id}"
    if not different and not failure:
        points = sum(map(len, recorded.histories.values()))
        count = points + len(result.metrics.keys() - _NOT_COMPARED)
        headline = f"{name} is reproduced exactly: all of its {count} numbers are the same."
        also = ["All the same, there are differences:", *changed] if changed else []
        return "\n  ".join([headline, *also])
    lines = [f"{name} is not reproduced: {len(different)} numbers differ", *failure]
    lines += [
        f"{one.name}: recorded {one.recorded!r}, now {one.obtained!r}" for one in different[:10]
    ]
    lines += (
        ["What differs otherwise:", *changed] if changed else ["Versions, data and code agree."]
    )
    raise NotReproduced("\n  ".join(lines))


def changes(recorded: RecordedRun, spec: TrialSpec, provenance: Provenance) -> Iterator[str]:
    """Yield what is not as it was when the run was made: data, versions, code."""
    if spec.data_digest != recorded.run.data_digest:
        yield f"the data: SHA-256 {recorded.run.data_digest} then, {spec.data_digest} now"
    if spec.plugin_version != recorded.plugin_version:
        yield f"{spec.model}: {recorded.plugin_version} then, {spec.plugin_version} now"
    for name, then in recorded.requirements.items():
        now = _installed(name)
        if now != then:
            yield f"{name}: {then} then, {now or 'not installed'} now"
    if recorded.commit != provenance.commit:
        yield f"git commit: {recorded.commit or 'none'} then, {provenance.commit or 'none'} now"
    elif recorded.dirty or provenance.dirty:
        yield f"git commit {recorded.commit} with changes that were not committed"


def differences(recorded: RecordedRun, result: TrialResult) -> Iterator[Difference]:
    """Yield every number that the two do not share, exactly; of each history the first one."""
    names = dict.fromkeys([*recorded.run.metrics, *result.metrics])
    for name in names:
        if name in _NOT_COMPARED or name in recorded.histories:
            continue
        then, now = recorded.run.metrics.get(name), result.metrics.get(name)
        if then != now:
            yield Difference(name, then, now)
    for name, points in recorded.histories.items():
        history = result.histories.get(name)
        values = [] if history is None else history.tolist()
        obtained = {e: v for e, v in enumerate(values, start=1) if abs(v) < float("inf")}
        for epoch in sorted(points.keys() | obtained.keys()):
            if points.get(epoch) != obtained.get(epoch):
                where = f"{name} in epoch {epoch}"
                yield Difference(where, points.get(epoch), obtained.get(epoch))
                break


def _failure(recorded: RecordedRun, result: TrialResult) -> list[str]:
    then, now = _outcome(recorded.run.failure), _outcome(result.failure)
    return [] if then == now else [f"the trial {then}, and now it {now}"]


def _outcome(failure: Failure | None) -> str:
    if failure is None:
        return "finished"
    return f"failed in epoch {failure.epoch} ({failure.reason})"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
