"""Every trial of a sweep, checked before the first one starts. Nothing is written here.

A grid of hundreds of cells that fails in the last one, hours later, for a reason that was there
to see in the beginning, is the complaint that this module answers: all bad cells are named at
once, grouped by cause.
"""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gridwright import datasets
from gridwright.contract import TrialSpec
from gridwright.errors import ConfigurationError, InvalidTrials
from gridwright.plugins import load_model_plugin
from gridwright.trial import trial_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gridwright.datasets import TrialData

#: Cells of one cause that the message names one by one.
NAMED_CELLS = 3


@dataclass(frozen=True)
class Plan:
    """The trials of a sweep and the data that they need.

    Attributes:
        specs: one for each cell, in the order of the grid.
        data: by `TrialSpec.dataset_key`; loaded and split once for all trials that share it.
    """

    specs: Sequence[TrialSpec]
    data: Mapping[str, TrialData]

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets, in the order of the grid."""
        return tuple(dict.fromkeys(spec.dataset for spec in self.specs))

    @property
    def sweep_key(self) -> str:
        """SHA-256 of all trials' keys, whatever their order: the same grid is the same sweep."""
        return sha256("".join(sorted(spec.key for spec in self.specs)).encode()).hexdigest()


def plan_trials(cells: Iterable[tuple[Sequence[str], Mapping[str, Any]]]) -> Plan:
    """Load the data, check every cell against its plugin, and give every trial its key.

    Args:
        cells: the Hydra overrides of each trial, and its whole resolved configuration.

    Raises:
        DatasetError: data that is missing or unfit.
        InvalidTrials: at least one cell cannot run; all of them are listed.
        ConfigurationError, PluginError: a model that is not installed or breaks the contract.
    """
    data: dict[str, TrialData] = {}
    loaded: dict[str, datasets.Dataset] = {}
    problems: dict[tuple[str, str], list[str]] = defaultdict(list)
    specs: list[TrialSpec] = []
    for index, (overrides, config) in enumerate(cells):
        key = _dataset_key(config)
        if key not in data:
            data[key] = _load(config, loaded)
        spec = _trial_spec(index, overrides, config, key, data[key])
        plugin = load_model_plugin(spec.model)
        for problem in plugin.check(spec.parameters, data[key].description):
            problems[problem.parameter, problem.message].append(_cell_name(spec))
        specs.append(spec)
    if problems:
        raise InvalidTrials(_listing(problems, len(specs)))
    return Plan(specs, data)


def _dataset_key(config: Mapping[str, Any]) -> str:
    return json.dumps([config["dataset"], config["rank_by"]], sort_keys=True, default=str)


def _load(config: Mapping[str, Any], loaded: dict[str, datasets.Dataset]) -> TrialData:
    # Two splits of one set read it once.
    settings = config["dataset"]
    name = json.dumps(settings, sort_keys=True, default=str)
    if name not in loaded:
        loaded[name] = datasets.load(settings)
    return datasets.split(loaded[name], settings, config["rank_by"])


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
    return TrialSpec(
        key=trial_key(config, data.digest, version),
        index=index,
        model=model,
        parameters=parameters,
        config=config,
        overrides=tuple(overrides),
        dataset=data.description.name,
        dataset_key=dataset_key,
        data_digest=data.digest,
        plugin_version=version,
        seed=config["seed"],
        rank_by=config["rank_by"],
        command=shlex.join(["gridwright", *overrides]),
    )


def _cell_name(spec: TrialSpec) -> str:
    return " ".join(spec.overrides) or "the only trial"


def _listing(problems: Mapping[tuple[str, str], Sequence[str]], total: int) -> str:
    bad = len({cell for cells in problems.values() for cell in cells})
    one_trial = total == 1
    lines = [] if one_trial else [f"{bad} of {total} trials cannot run; nothing was started"]
    for (parameter, message), cells in problems.items():
        line = f"model.{parameter}: {message}"
        if not one_trial:
            more = f" and {len(cells) - NAMED_CELLS} more" if len(cells) > NAMED_CELLS else ""
            line += f" ({len(cells)} trials: {'; '.join(cells[:NAMED_CELLS])}{more})"
        lines.append(line)
    return "\n  ".join(lines)
