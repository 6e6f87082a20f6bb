"""What a population is made of, and what cannot be one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gridwright.contract import ChangeablePlugin
from gridwright.errors import ConfigurationError, InvalidTrials
from gridwright.plugins import load_model_plugin, model_entry_points

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gridwright.contract import TrialSpec
    from gridwright.search_trials import SearchTrials
    from gridwright.sweep import Choices, Interval, Member
    from gridwright.sweep.search_space import Point

_PBT = "hydra.sweeper.scheduler=pbt"
#: Members at most: Tune knows so many trials at once.
_LARGEST = 200
#: Points in a row that bring no new member, after which a space counts as exhausted.
_PATIENCE = 200


def check_population(trials: SearchTrials, config: Mapping[str, Any]) -> None:
    """Refuse what cannot be trained as a population, before anything is started.

    Raises:
        ConfigurationError: the model, a parameter, or a setting does not allow it.
        InvalidTrials: a member cannot run, and such points are not to be dropped.
    """
    first = trials.first
    plugin = load_model_plugin(first.model)
    if not isinstance(plugin, ChangeablePlugin):
        raise ConfigurationError(
            f"{_PBT} needs a model whose parameters may change between two epochs, but "
            f"{first.model} has none: {' and '.join(_able())} can"
        )
    if config["resources"]["checkpoint_seconds"] is None:
        raise ConfigurationError(
            f"{_PBT} hands trainings on by their checkpoints: leave out "
            "resources.checkpoint_seconds=null"
        )
    if trials.growing.data[first.dataset_key].divisions:
        raise ConfigurationError(
            f"{_PBT} trains one model a trial: leave out dataset.folds, or the scheduler"
        )
    may_change = plugin.changeable(first.parameters)
    fixed = [one.key for one in trials.space.dimensions if not _changes(one, may_change)]
    fixed = [key for key in fixed if key != "seed"]
    if fixed:
        raise ConfigurationError(
            f"{', '.join(fixed)} cannot change between two epochs of {first.model}, as {_PBT} "
            f"asks of all that it searches: give it one value; {_listed(may_change)} can"
        )
    if not changing(trials):
        raise ConfigurationError(
            f"{_PBT} has nothing to change: give {_listed(may_change)} several values or an "
            "interval"
        )
    comparisons(trials)
    members_of(trials)


def changing(trials: SearchTrials) -> list[Choices | Interval]:
    """Return the dimensions whose values may change."""
    return [one for one in trials.space.dimensions if one.key != "seed"]


def members_of(trials: SearchTrials) -> list[Member]:
    """Return the trials of the population, the same for the same command.

    Raises:
        ConfigurationError: there are too few or too many.
        InvalidTrials: one cannot run, and such points are not to be dropped.
    """
    from gridwright.sweep import Member, sampler_of

    limit = trials.settings.max_trials or _LARGEST + 1
    sampler = sampler_of(trials.space, trials.settings, 0)
    found: dict[str, Member] = {}
    missed = 0
    while len(found) < limit and missed < _PATIENCE:
        point = sampler.propose(f"member-{len(found)}-{missed}")
        if point is None:
            break
        spec = _valid(trials, point)
        missed += 1
        if spec is not None and spec.key not in found:
            found[spec.key] = Member(replace(spec, index=len(found)), point)
            missed = 0
    if not 2 <= len(found) <= _LARGEST:
        raise ConfigurationError(
            f"{_PBT} needs a population of 2 to {_LARGEST} different trials, but there "
            f"{'is' if len(found) == 1 else 'are'} {len(found)}: see hydra.sweeper.max_trials"
        )
    return list(found.values())


def comparisons(trials: SearchTrials) -> list[int]:
    """Return the epochs after which the population is compared.

    Raises:
        ConfigurationError: there is none.
    """
    spec = trials.first
    plugin = load_model_plugin(spec.model)
    data = trials.growing.data[spec.dataset_key].description
    epochs = None
    if isinstance(plugin, ChangeablePlugin):
        epochs = plugin.footprint(spec.parameters, data).epochs
    interval = trials.settings.perturbation_interval
    ends = list(range(interval, epochs or 0, interval))
    if not ends:
        raise ConfigurationError(
            f"hydra.sweeper.perturbation_interval must be below the {epochs} epochs of a "
            f"trial, but got {interval}"
        )
    return ends


def _valid(trials: SearchTrials, point: Point) -> TrialSpec | None:
    try:
        return trials.spec(trials.space.overrides(point))
    except InvalidTrials:
        if not trials.settings.drop_invalid:
            raise
        return None


def _changes(dimension: Choices | Interval, may_change: Collection[str]) -> bool:
    group, _, name = dimension.key.partition(".")
    return group == "model" and name in may_change


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"model.{name}" for name in names) or "nothing of it"


def _able() -> list[str]:
    names = model_entry_points()
    return [name for name in names if isinstance(load_model_plugin(name), ChangeablePlugin)]
