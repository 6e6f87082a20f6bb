"""The typed configuration: what `conf/` may say, and of which type.

Hydra merges the groups into `Configuration`, so that a wrong name or type is refused while the
configuration is composed. The contents of `dataset` and `model` belong to the data set and to
the plugin; `gridwright.datasets` and `ModelPlugin.check` look at them.
"""

from __future__ import annotations

# OmegaConf reads the annotations of these fields when it runs, hence typing's own names.
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Dict, Optional  # noqa: UP035 - OmegaConf asks for typing.Dict

from omegaconf import MISSING


class RankBy(Enum):
    """The part of the data whose score ranks the trials."""

    validation = "validation"
    test = "test"


class Promote(Enum):
    """When the alias `champion` may move."""

    auto = "auto"
    force = "force"
    never = "never"


class Rows(Enum):
    """The cells of an experiment's grid that run."""

    all = "all"
    published = "published"


@dataclass
class ExperimentConfiguration:
    """How much of an experiment runs.

    Attributes:
        rows: `published` runs the cells that a row of `claims` is about, and no other.
        scale: share of the training samples that each trial gets, in (0, 1].
    """

    rows: Rows = Rows.all
    scale: float = 1.0


@dataclass
class TrackingConfiguration:
    """Where runs are kept.

    Attributes:
        uri: MLflow's tracking URI; `sqlite:///` with a relative path is relative to the
            working folder.
        artifacts: folder or URI of the artifacts; None lets the server decide.
        spool: folder in which finished trials wait until they are written.
        experiment_name: MLflow's experiment; None takes the name of the data set.
        patience: seconds for which a store that cannot be used now (unreachable, locked, full) is
            tried again; what is finished waits in the spool meanwhile.
        retry_interval: seconds between two attempts.
    """

    uri: str = MISSING
    artifacts: Optional[str] = None  # noqa: UP045 - see above
    spool: str = MISSING
    experiment_name: Optional[str] = None  # noqa: UP045 - see above
    patience: float = 600.0
    retry_interval: float = 2.0


@dataclass
class ResourcesConfiguration:
    """What one trial gets, and where.

    Attributes:
        cpus: CPU cores of one trial, and so its threads.
        gpus: GPUs of one trial; a fraction shares one.
        memory: gigabytes that are kept for one trial, so that fewer run at once where they need
            much; None takes no account of them.
        address: address of a running Ray cluster (`auto` finds it); None starts Ray here.
        checkpoint_seconds: at least so many lie between two checkpoints of a trial, for models
            that can go on; None keeps no checkpoints.
        timeout: seconds that a trial of a sweep may take; None for no limit.
        batch: trials of a sweep whose models can be trained together are, where their plugin offers
            it: the results are the same, and take a fraction of the time.
    """

    cpus: int = 1
    gpus: float = 0.0
    memory: Optional[float] = None  # noqa: UP045 - see above
    timeout: Optional[float] = None  # noqa: UP045 - see above
    address: Optional[str] = None  # noqa: UP045 - see above
    checkpoint_seconds: Optional[float] = 30.0  # noqa: UP045 - see above
    batch: bool = True


@dataclass
class Configuration:
    """A whole configuration.

    Attributes:
        dataset: the data set's `name` and its settings.
        model: the plugin's `name` and its parameters.
        tracking: where runs are kept.
        resources: what one trial gets.
        experiment: how much of an experiment file's grid and data is used.
        claims: what an experiment says its trials will show, see `gridwright.claims`.
        seed: seed of the training.
        rank_by: the part that ranks trials; `test` trains on all that `validation` holds out.
        promote: when the alias `champion` may move.
        top: rows of the leaderboard that the terminal shows.
        dry_run: show the grid and the forecast, and start nothing.
        forecast: probe a few cells before a sweep starts, to say how long it will take.
        reuse: take over what has finished before, instead of running it anew.
        strict: a sweep with failed trials ends with status 1.
        rerun: id of a run to repeat and to compare; everything else is as it was in that run.
    """

    dataset: Dict[str, Any] = field(default_factory=dict)  # noqa: UP006 - see above
    model: Dict[str, Any] = field(default_factory=dict)  # noqa: UP006 - see above
    tracking: TrackingConfiguration = field(default_factory=TrackingConfiguration)
    resources: ResourcesConfiguration = field(default_factory=ResourcesConfiguration)
    experiment: ExperimentConfiguration = field(default_factory=ExperimentConfiguration)
    claims: Dict[str, Any] = field(default_factory=dict)  # noqa: UP006 - see above
    seed: int = 0
    rank_by: RankBy = RankBy.validation
    promote: Promote = Promote.auto
    top: int = 10
    dry_run: bool = False
    forecast: bool = True
    reuse: bool = True
    strict: bool = False
    rerun: Optional[str] = None  # noqa: UP045 - see above


def register() -> None:
    """Make two configurations known to Hydra, by name.

    `schema` is what `conf/config.yaml` starts from. `open_mapping` is for a plugin's YAML: with
    `/open_mapping@params` in its defaults list, `model.params.anything=1` needs no `+`, since
    only the plugin can tell which names there are.
    """
    from hydra.core.config_store import ConfigStore
    from omegaconf import DictConfig

    store = ConfigStore.instance()
    store.store(name="schema", node=Configuration, provider="gridwright")
    anything = DictConfig({}, flags={"struct": False})
    store.store(name="open_mapping", node=anything, provider="gridwright")
