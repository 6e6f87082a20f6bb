"""What `hydra/sweeper=ray_tune` does; `hydra_plugins.gridwright` holds its thin shell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, cast, runtime_checkable

from omegaconf import OmegaConf

from gridwright.errors import ConfigurationError
from gridwright.sweep.composition import CellComposer, compose_cells
from gridwright.sweep.conditions import Condition
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
        grid = expand(arguments, params, loader, _paired(configuration))
        cells = _wanted(compose_cells(loader, configuration, grid), configuration)
        return task_function.sweep(cells, configuration)
    _refuse_for_other_than_a_grid(configuration)
    if isinstance(task_function, SearchTask):
        space = SearchSpace.of(arguments, params, loader)
        return task_function.search(space, CellComposer(loader, configuration), settings)
    from gridwright.sweep.task_sweep import sweep_task  # imports ray

    return sweep_task(
        task_function, hydra_context, configuration, arguments, params=params, settings=settings
    )


def _paired(configuration: DictConfig) -> list[list[str]]:
    """Return `hydra.sweeper.zip` as groups of keys; one group may be written as a plain list.

    Raises:
        ConfigurationError: it is neither a list of keys nor a list of such lists.
    """
    found: Any = configuration.hydra.sweeper.get("zip")
    if found is None:
        return []
    groups: Any = OmegaConf.to_container(found) if OmegaConf.is_config(found) else found
    if isinstance(groups, list) and all(isinstance(one, str) for one in groups):
        groups = [groups]
    good = isinstance(groups, list) and all(
        isinstance(group, list) and len(group) > 1 and all(isinstance(one, str) for one in group)
        for group in groups
    )
    if not good:
        raise ConfigurationError(
            "hydra.sweeper.zip must list keys whose values go together, such as "
            f"[model.eta,model.epoch], or several such lists, but got {groups!r}"
        )
    return cast("list[list[str]]", groups)


def _wanted(cells: list[Cell], configuration: DictConfig) -> list[Cell]:
    """Return the cells that `hydra.sweeper.skip_if` leaves, numbered anew.

    Raises:
        ConfigurationError: it cannot be read, or leaves none.
    """
    text = configuration.hydra.sweeper.get("skip_if")
    if text is None:
        return cells
    condition = Condition(str(text))
    kept = [cell for cell in cells if not condition.holds(cell.config)]
    if not kept:
        raise ConfigurationError(
            f"hydra.sweeper.skip_if={text} is true for each of the {len(cells)} cells: none is left"
        )
    return [replace(cell, index=index) for index, cell in enumerate(kept)]


def _refuse_for_other_than_a_grid(configuration: DictConfig) -> None:
    for name in ("zip", "skip_if"):
        if configuration.hydra.sweeper.get(name) is not None:
            raise ConfigurationError(
                f"hydra.sweeper.{name} is for the cells of a whole grid of gridwright: leave it "
                "out, or leave out the search, the scheduler and the budget"
            )
