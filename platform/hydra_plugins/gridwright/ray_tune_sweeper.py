"""`hydra/sweeper=ray_tune`. Every Hydra application imports this module: nothing heavy here.

Hydra executes it before it is in `sys.modules`, where a dataclass looks up annotations that are
strings: hence no `from __future__ import annotations`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Dict, List, Optional, cast  # noqa: UP035 - OmegaConf reads typing's names

from hydra.core.config_store import ConfigStore
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf


class Invalid(Enum):
    """What becomes of cells that cannot run."""

    fail = "fail"
    drop = "drop"


class SearchAlgorithm(Enum):
    """How the points of the space are chosen."""

    grid = "grid"
    random = "random"
    tpe = "tpe"


class Scheduler(Enum):
    """What becomes of trials that lag behind."""

    none = "none"
    asha = "asha"
    hyperband = "hyperband"
    median = "median"
    pbt = "pbt"


class Direction(Enum):
    """Which numbers are better."""

    minimize = "minimize"
    maximize = "maximize"


@dataclass
class RayTuneSweeperConfiguration:
    """Settings of the sweeper.

    Attributes:
        params: key -> values, in the syntax of the command line; for experiment files.
        zip: keys whose values go together, the first with the first: `[model.eta,model.epoch]`, or
            a list of such lists.
        skip_if: a condition on a cell's settings that leaves it out, such as
            `model.mu > 0.5 and model.eta >= 0.1`.
        invalid: `fail` refuses a grid with cells that cannot run, `drop` runs the others.
        search: `grid` runs every cell; `random` and `tpe` (Optuna's) choose points, of intervals,
            too, such as `tag(log, interval(0.001, 0.1))` and `int(interval(1, 10))`.
        scheduler: stops trials that lag behind the others at the same epoch: `asha`, `hyperband`
            (asha with three brackets) or `median`; with `pbt`, population based training, they go
            on with the state of a better one, and its parameters, perturbed.
        max_trials: trials in all; null for no limit.
        time_budget: seconds from the first trial on; null for no limit.
        stop_score: ends once a trial scores at least this; null for never.
        grace_epochs: epochs that every trial gets before the scheduler may stop it.
        reduction_factor: of the trials that reach a rung, one in so many goes on.
        perturbation_interval: epochs between two comparisons of a population (`pbt`).
        quantile_fraction: so many of the worst go on from one of as many of the best (`pbt`).
        resample_probability: that a parameter is drawn anew rather than changed a little (`pbt`).
        seed: of the search.
        direction: of the number that a task of another application returns.
    """

    _target_: str = "hydra_plugins.gridwright.ray_tune_sweeper.RayTuneSweeper"
    params: Optional[Dict[str, Any]] = None  # noqa: UP006, UP045 - see above
    zip: Any = None
    skip_if: Optional[str] = None  # noqa: UP045 - see above
    invalid: Invalid = Invalid.fail
    search: SearchAlgorithm = SearchAlgorithm.grid
    scheduler: Scheduler = Scheduler.none
    max_trials: Optional[int] = None  # noqa: UP045 - see above
    time_budget: Optional[float] = None  # noqa: UP045 - see above
    stop_score: Optional[float] = None  # noqa: UP045 - see above
    grace_epochs: int = 5
    reduction_factor: float = 3.0
    perturbation_interval: int = 5
    quantile_fraction: float = 0.25
    resample_probability: float = 0.25
    seed: int = 0
    direction: Direction = Direction.minimize


ConfigStore.instance().store(
    group="hydra/sweeper",
    name="ray_tune",
    node=RayTuneSweeperConfiguration,
    provider="gridwright",
)


class RayTuneSweeper(Sweeper):
    """Hands what Hydra gives a sweeper to `gridwright.sweep.hydra_sweeper`."""

    def __init__(
        self,
        params: Optional[DictConfig],  # noqa: UP045 - see above
        **settings: Any,
    ) -> None:
        self.params = params
        self.settings = settings  # read from the configuration, where the task sees them, too

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what `sweep` needs."""
        self._given = hydra_context, task_function, config

    def sweep(self, arguments: List[str]) -> Any:  # noqa: UP006 - as Hydra declares it
        """Run the grid that `arguments` and `params` span."""
        from gridwright.sweep.hydra_sweeper import sweep

        hydra_context, task_function, config = self._given
        params = OmegaConf.to_container(self.params) if self.params is not None else {}
        return sweep(
            task_function, hydra_context, config, arguments, cast("dict[str, Any]", params)
        )
