"""Cells of a grid -> trials that are known to run, and the data that they need."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gridwright import datasets
from gridwright.contract import TrialSpec
from gridwright.errors import (
    ConfigurationError,
    DatasetError,
    GridwrightError,
    InvalidTrials,
    PluginError,
)
from gridwright.plugins import load_model_plugin, reads_in_pieces
from gridwright.preflight.causes import Causes
from gridwright.preflight.resources import Machine, out_of_range, streaming_objections
from gridwright.trial import trial_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gridwright.datasets import TrialData

    Cells = Sequence[tuple[Sequence[str], Mapping[str, Any]]]


#: Settings of a command as a whole: no part of what makes, names and repeats one trial.
_OF_THE_COMMAND = frozenset({"dry_run", "forecast", "reuse", "strict", "top"})


@dataclass(frozen=True)
class Plan:
    """The trials of a sweep and the data that they need.

    Attributes:
        specs: one for each cell, in the order of the grid.
        data: by `TrialSpec.dataset_key`; loaded and split once for all trials that share it.
        left_out: which cells cannot run and why, where the command asked to drop these.
    """

    specs: Sequence[TrialSpec]
    data: Mapping[str, TrialData]
    left_out: str = ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets, in the order of the grid."""
        return tuple(dict.fromkeys(spec.dataset for spec in self.specs))

    def key_of_sweep(self, *, anew: bool = False) -> str:
        """Return the SHA-256 of all trials' keys, whatever their order: same grid, same sweep.

        A sweep that runs its trials anew is another one than the sweep that did so first.
        """
        keys = sorted(spec.key for spec in self.specs)
        return sha256("".join([*keys, *["anew"] * anew]).encode()).hexdigest()


def plan_trials(
    cells: Cells,
    *,
    drop_invalid: bool = False,
    check_machine: bool = False,
    share: bool = False,
    where: Callable[[str], str] = lambda _: "",
) -> Plan:
    """Load the data, check every cell against its plugin, and give every trial its key.

    Args:
        cells: the Hydra overrides of each trial, and its whole resolved configuration.
        drop_invalid: leave out the cells that cannot run, instead of refusing all.
        check_machine: hold what a trial needs against what this machine has.
        share: map large samples from one file, for all processes of this machine.
        where: cause -> file and line of the configuration that it comes from, or nothing.

    Raises:
        DatasetError: data that is missing or unfit, for a grid of one data set.
        InvalidTrials: at least one cell cannot run; all of them are listed.
        ConfigurationError, PluginError: a model that is not installed or breaks the contract.
    """
    checks = _Checks(Machine() if check_machine else None, share=share)
    specs = [spec for position, cell in enumerate(cells) if (spec := checks.spec(position, *cell))]
    causes = checks.causes
    if not causes.bad:
        return Plan(specs, checks.data)
    if not specs and causes.only in checks.unusable:
        raise checks.unusable[causes.only]
    grid = [overrides for overrides, _ in cells]
    if not drop_invalid or not specs:
        raise InvalidTrials(causes.listing(grid, "nothing was started", where))
    specs = [replace(spec, index=index) for index, spec in enumerate(specs)]
    return Plan(specs, checks.data, causes.listing(grid, "they are left out", where))


class GrowingPlan:
    """A plan whose trials become known one by one, as a search proposes them.

    Attributes:
        plan: the trials so far that were kept.

    Args:
        share: map large samples from one file, for all processes of this machine.
    """

    def __init__(self, *, share: bool = False) -> None:
        self._checks = _Checks(Machine(), share=share)
        self._kept: dict[str, TrialSpec] = {}
        self._count = 0

    @property
    def data(self) -> Mapping[str, TrialData]:
        """What the trials need, by `TrialSpec.dataset_key`."""
        return self._checks.data

    @property
    def plan(self) -> Plan:
        """The trials that were kept so far."""
        return Plan(list(self._kept.values()), self._checks.data)

    def check(self, overrides: Sequence[str], config: Mapping[str, Any]) -> TrialSpec:
        """Return the trial of one cell.

        Raises:
            InvalidTrials: it cannot run.
            ConfigurationError, PluginError: a model that is not installed or breaks the contract.
        """
        spec = self._checks.spec(self._count, overrides, config)
        self._count += 1
        if spec is None:
            causes, self._checks.causes = self._checks.causes, Causes()
            raise InvalidTrials(causes.listing([overrides], "it is not started"))
        return spec

    def keep(self, spec: TrialSpec) -> None:
        """Count a trial among those of the plan."""
        self._kept.setdefault(spec.key, replace(spec, index=len(self._kept)))


class _Checks:
    """All checks of a cell, in one pass; what many cells share is done once.

    Attributes:
        causes: what is wrong, so far.
        data: by `TrialSpec.dataset_key`.
        unusable: sentence -> the error of data that is missing or unfit.
    """

    def __init__(self, machine: Machine | None, *, share: bool) -> None:
        self.causes = Causes()
        self.data: dict[str, TrialData] = {}
        self.unusable: dict[str, DatasetError] = {}
        self._machine = machine
        self._share = share
        self._loaded: dict[str, datasets.Dataset] = {}
        self._unread: dict[tuple[str, bool], DatasetError] = {}
        self._objections: dict[tuple[str, ...], list[str]] = {}

    def spec(
        self, index: int, overrides: Sequence[str], config: Mapping[str, Any]
    ) -> TrialSpec | None:
        """Return the trial of a cell; None, with its causes noted, if it cannot run."""
        key = _written([config["dataset"], config["rank_by"]])
        try:
            data = self._data(key, config)
        except DatasetError as error:
            self.unusable[str(error)] = error
            self.causes.add(str(error), index, overrides)
            return None
        spec = _trial_spec(index, overrides, config, key, data)
        for objection in (*out_of_range(config), *self._objections_to(spec, data)):
            self.causes.add(objection, index, overrides)
        return None if index in self.causes.bad else spec

    def _data(self, key: str, config: Mapping[str, Any]) -> TrialData:
        in_pieces = reads_in_pieces(config["model"].get("name"))
        if key not in self.data and (key, in_pieces) in self._unread:
            raise self._unread[key, in_pieces]
        if key not in self.data:
            try:
                self.data[key] = self._load(config, in_pieces=in_pieces)
            except DatasetError as error:
                self._unread[key, in_pieces] = error
                raise
        return self.data[key]

    def _load(self, config: Mapping[str, Any], *, in_pieces: bool) -> TrialData:
        # Two splits of one set read it once.
        settings = config["dataset"]
        name = _written(settings)
        if name not in self._loaded:
            self._loaded[name] = datasets.load(settings, in_pieces=in_pieces)
        data = datasets.split(self._loaded[name], settings, config["rank_by"])
        return datasets.shared(data) if self._share else data

    def _objections_to(self, spec: TrialSpec, data: TrialData) -> list[str]:
        # A grid repeats each choice of parameters for every seed.
        same = (
            spec.model,
            spec.dataset_key,
            _written(spec.parameters),
            _written(spec.config.get("resources")),
        )
        if same not in self._objections:
            self._objections[same] = list(self._check(spec, data))
        return self._objections[same]

    def _check(self, spec: TrialSpec, data: TrialData) -> list[str]:
        plugin = load_model_plugin(spec.model)
        try:
            problems = plugin.check(spec.parameters, data.description)
        except Exception as error:
            if isinstance(error, GridwrightError):
                raise
            raise PluginError(
                f"model plugin '{spec.model}': its check raised {type(error).__name__}: {error} "
                f"for {' '.join(spec.overrides)}; a check returns what is wrong, and raises nothing"
            ) from error
        found = [f"model.{problem.parameter}: {problem.message}" for problem in problems]
        found += streaming_objections(spec.model, data, spec.config)
        if not found and self._machine is not None:
            found += self._machine.objections(spec.config, spec.parameters, plugin, data)
        return found


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _trial_spec(
    index: int,
    overrides: Sequence[str],
    config: Mapping[str, Any],
    dataset_key: str,
    data: TrialData,
) -> TrialSpec:
    parameters = dict(config["model"])
    model = parameters.pop("name", None)
    if not isinstance(model, str):
        raise ConfigurationError("the configuration of a model must have its plugin's `name`")
    version = load_model_plugin(model).version
    own = tuple(line for line in overrides if line.partition("=")[0] not in _OF_THE_COMMAND)
    return TrialSpec(
        key=trial_key(config, data.digest, version),
        index=index,
        model=model,
        parameters=parameters,
        config=config,
        overrides=own,
        dataset=data.description.name,
        dataset_key=dataset_key,
        data_digest=data.digest,
        plugin_version=version,
        seed=config["seed"],
        rank_by=config["rank_by"],
        command=shlex.join(["gridwright", *own]),
    )
