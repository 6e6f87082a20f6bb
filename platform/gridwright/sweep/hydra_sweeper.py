"""What `hydra/sweeper=ray_tune` does; `hydra_plugins.gridwright` holds its thin shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from gridwright.sweep.composition import CellComposer, compose_cells
from gridwright.sweep.search_settings import SearchSettings
from gridwright.sweep.search_space import SearchSpace
from gridwright.sweep.space import expand

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from gridwright.sweep.composition import Cell


@runtime_checkable
class SweepTask(Protocol):
    """A task function that runs a whole grid by itself, with `run_trials`."""

    def sweep(self, cells: Sequence[Cell], configuration: DictConfig) -> Any:
        """Run every cell; `configuration` is that of the command, before any cell's overrides."""
        ...


@runtime_checkable
class SearchTask(Protocol):
    """A task function that runs a search by itself, with `Search`."""

    def search(self, space: SearchSpace, composer: CellComposer, settings: SearchSettings) -> Any:
        """Run a search of `space`; `composer` makes the configuration of a point's cell."""
        ...


def sweep(
    task_function: TaskFunction,
    hydra_context: HydraContext,
    configuration: DictConfig,
    arguments: Sequence[str],
    params: Mapping[str, Any] | None,
) -> Any:
    """Expand the grid, compose every cell once, and hand all of them to the task.

    A task that is no `SweepTask` is run here, once for each cell: see `task_sweep`.

    Raises:
        ConfigurationError: an override that cannot be read or composed, or a search that the
            task cannot run.
    """
    loader = hydra_context.config_loader
    settings = SearchSettings.of(configuration.hydra.sweeper)
    if settings.is_plain_grid and isinstance(task_function, SweepTask):
        cells = compose_cells(loader, configuration, expand(arguments, params, loader))
        return task_function.sweep(cells, configuration)
    if isinstance(task_function, SearchTask):
        space = SearchSpace.of(arguments, params, loader)
        return task_function.search(space, CellComposer(loader, configuration), settings)
    from gridwright.sweep.task_sweep import sweep_task  # imports ray

    return sweep_task(
        task_function, hydra_context, configuration, arguments, params=params, settings=settings
    )
