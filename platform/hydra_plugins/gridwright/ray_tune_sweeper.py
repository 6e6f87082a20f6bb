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


@dataclass
class RayTuneSweeperConfiguration:
    """Settings of the sweeper.

    Attributes:
        params: key -> values, in the syntax of the command line; for experiment files.
        invalid: `fail` refuses a grid with cells that cannot run, `drop` runs the others.
    """

    _target_: str = "hydra_plugins.gridwright.ray_tune_sweeper.RayTuneSweeper"
    params: Optional[Dict[str, Any]] = None  # noqa: UP006, UP045 - see above
    invalid: Invalid = Invalid.fail


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
        invalid: Invalid = Invalid.fail,
    ) -> None:
        self.params = params
        self.invalid = invalid  # the task reads it in the configuration

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what `sweep` needs."""
        self._given = hydra_context.config_loader, task_function, config

    def sweep(self, arguments: List[str]) -> Any:  # noqa: UP006 - as Hydra declares it
        """Run the grid that `arguments` and `params` span."""
        from gridwright.sweep.hydra_sweeper import sweep

        config_loader, task_function, config = self._given
        params = OmegaConf.to_container(self.params) if self.params is not None else {}
        return sweep(
            task_function, config_loader, config, arguments, cast("dict[str, Any]", params)
        )
