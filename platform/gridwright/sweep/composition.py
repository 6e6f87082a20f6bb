"""Every cell's configuration, composed quickly and as Hydra would.

Hydra's own `load_sweep_config` composes every cell from its files, at about 0.1 s each. Cells
that choose the same groups differ in values only: the files are composed once for each choice of
groups, and the values are set in a copy, by Hydra's own function. Whatever is more than setting a
value (`+`, `~`, packages, references to Hydra's own node) goes through `load_sweep_config`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf, open_dict

from gridwright.composition_errors import explain
from gridwright.errors import ConfigurationError
from gridwright.sweep.base_configuration import BaseConfiguration, resolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override
    from omegaconf import DictConfig


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid.

    Attributes:
        index: position in the grid, from 0.
        overrides: the Hydra overrides that make it.
        config: its whole configuration, resolved, without Hydra's own node; plain values only.
    """

    index: int
    overrides: tuple[str, ...]
    config: Mapping[str, Any]


def compose_cells(
    config_loader: ConfigLoader, master_config: DictConfig, cells: Iterable[Sequence[str]]
) -> list[Cell]:
    """Return the cells with their configurations, equal to what Hydra composes one by one.

    Args:
        config_loader: Hydra's, as a sweeper gets it.
        master_config: the configuration of the sweep, as a sweeper gets it.
        cells: overrides of each cell, see `gridwright.sweep.space.expand`.

    Raises:
        ConfigurationError: a cell names something that is not there, sets a wrong type, or
            chooses a configuration that is a grid by itself.
    """
    composer = CellComposer(config_loader, master_config)
    return [composer.cell(index, overrides) for index, overrides in enumerate(cells)]


class CellComposer:
    """Composes cells one by one, and remembers what they have in common.

    Args:
        config_loader: Hydra's, as a sweeper gets it.
        master_config: the configuration of the sweep, as a sweeper gets it.
    """

    def __init__(self, config_loader: ConfigLoader, master_config: DictConfig) -> None:
        self._loader = config_loader
        self._master = master_config
        self._parser = OverridesParser.create()
        self._parsed: dict[str, Override] = {}
        self._sets_value: dict[str, bool] = {}
        self._groups: dict[str, bool] = {}
        # By choice of groups.
        self._bases: dict[tuple[str, ...], BaseConfiguration] = {}

    def cell(self, index: int, overrides: Sequence[str]) -> Cell:
        """Return one cell with its configuration.

        Raises:
            ConfigurationError: see `compose_cells`.
        """
        try:
            return Cell(index, tuple(overrides), self._compose(index, overrides))
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            raise ConfigurationError(f"{explained} (in {' '.join(overrides)})") from error

    def _compose(self, index: int, overrides: Sequence[str]) -> dict[str, Any]:
        values = [line for line in overrides if self._only_sets_a_value(line)]
        choices = tuple(line for line in overrides if not self._only_sets_a_value(line))
        if any(map(self._changes_structure, choices)):
            return self._slowly(index, overrides)
        if choices not in self._bases:
            config = self._load(choices)
            with open_dict(config):
                del config["hydra"]
            self._bases[choices] = BaseConfiguration(config)
        base = self._bases[choices]
        if base.needs_hydra or any("${" in line and "hydra" in line for line in values):
            return self._slowly(index, overrides)
        return base.with_values([self._parse(line) for line in values])

    def _parse(self, line: str) -> Override:
        # The same few overrides make up all cells, and parsing one takes as long as setting ten.
        if line not in self._parsed:
            self._parsed[line] = self._parser.parse_override(line)
        return self._parsed[line]

    def _only_sets_a_value(self, line: str) -> bool:
        if line not in self._sets_value:
            override = self._parse(line)
            self._sets_value[line] = (
                not self._changes_structure(line)
                and not override.is_hydra_override()
                and not self._is_group(override.key_or_group)
            )
        return self._sets_value[line]

    def _changes_structure(self, line: str) -> bool:
        override = self._parse(line)
        return (
            override.is_add()
            or override.is_force_add()
            or override.is_delete()
            or override.package is not None
        )

    def _is_group(self, key: str) -> bool:
        # Hydra reads its whole configuration anew to answer this.
        if key not in self._groups:
            self._groups[key] = any(
                self._loader.get_group_options(key, kind)
                for kind in (ObjectType.CONFIG, ObjectType.GROUP)
            )
        return self._groups[key]

    def _load(self, overrides: Sequence[str]) -> DictConfig:
        config = self._loader.load_sweep_config(self._master, list(overrides))
        if _params(config) != _params(self._master):
            # A grid is read before its cells are known: this one would silently be left out.
            raise ConfigurationError(
                f"{' '.join(overrides)} has a grid of its own in hydra.sweeper.params, which a "
                "cell of another grid cannot have: run it by a command of its own"
            )
        return config

    def _slowly(self, index: int, overrides: Sequence[str]) -> dict[str, Any]:
        config = self._load(overrides)
        with open_dict(config.hydra.job):
            config.hydra.job.num = index
            config.hydra.job.id = str(index)
        # `${hydra:...}` asks this singleton.
        hydra_config = HydraConfig.instance()
        before = hydra_config.cfg
        hydra_config.set_config(config)
        try:
            return resolved(config)
        finally:
            hydra_config.cfg = before


def _params(config: DictConfig) -> Any:
    return OmegaConf.select(config, "hydra.sweeper.params")
