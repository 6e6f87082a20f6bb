"""What `hydra/sweeper=ray_tune` does; `hydra_plugins.gridwright` holds its thin shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from gridwright.errors import ConfigurationError
from gridwright.sweep.composition import compose_cells
from gridwright.sweep.space import expand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

    from gridwright.sweep.composition import Cell


@runtime_checkable
class SweepTask(Protocol):
    """A task function that runs a whole grid by itself, with `run_trials`."""

    def sweep(self, cells: Sequence[Cell], configuration: DictConfig) -> Any:
        """Run every cell; `configuration` is that of the command, before any cell's overrides."""
        ...


def sweep(
    task_function: TaskFunction,
    config_loader: ConfigLoader,
    configuration: DictConfig,
    arguments: Sequence[str],
    params: Mapping[str, Any] | None,
) -> Any:
    """Expand the grid, compose every cell once, and hand all of them to the task.

    Raises:
        ConfigurationError: an override that cannot be read or composed, or a task that is not
            a `SweepTask`.
    """
    if not isinstance(task_function, SweepTask):
        raise ConfigurationError(
            "hydra/sweeper=ray_tune needs a task function with a method `sweep(cells, "
            "configuration)`, see gridwright.sweep.hydra_sweeper.SweepTask; "
            "hydra/sweeper=basic runs any other"
        )
    cells = expand(arguments, params, config_loader)
    return task_function.sweep(compose_cells(config_loader, configuration, cells), configuration)
