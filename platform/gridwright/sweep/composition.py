"""Every cell's configuration, composed quickly and as Hydra would.

Hydra's own `load_sweep_config` composes every cell from its files, at about 0.1 s each. Cells
that choose the same groups differ in values only: the files are composed once for each choice of
groups, and the values are set in a copy, by Hydra's own function. Whatever is more than setting a
value (`+`, `~`, packages, Hydra's own settings) goes through `load_sweep_config`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.hydra_config import HydraConfig
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf, open_dict

from gridwright.composition_errors import explain
from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override


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
        ConfigurationError: a cell names something that is not there, or sets a wrong type.
    """
    composer = _Composer(config_loader, master_config)
    composed = []
    for index, overrides in enumerate(cells):
        try:
            config = composer.compose(overrides)
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            raise ConfigurationError(f"{explained} (in {' '.join(overrides)})") from error
        composed.append(Cell(index, tuple(overrides), config))
    return composed


class _Composer:
    def __init__(self, config_loader: ConfigLoader, master_config: DictConfig) -> None:
        self._loader = config_loader
        self._master = master_config
        self._parser = OverridesParser.create()
        self._parsed: dict[str, Override] = {}
        self._sets_value: dict[str, bool] = {}
        # Composed files by their choice of groups; None where the quick way is not safe.
        self._bases: dict[tuple[str, ...], DictConfig | None] = {}

    def compose(self, overrides: Sequence[str]) -> dict[str, Any]:
        values = [line for line in overrides if self._only_sets_a_value(line)]
        choices = tuple(line for line in overrides if not self._only_sets_a_value(line))
        if any(line.startswith(("+", "~")) or "@" in line.split("=")[0] for line in choices):
            return self._slowly(overrides)
        if choices not in self._bases:
            self._bases[choices] = self._base(choices)
        base = self._bases[choices]
        if base is None:
            return self._slowly(overrides)
        config = copy.deepcopy(base)
        ConfigLoaderImpl._apply_overrides_to_config(  # noqa: SLF001 - the one Hydra uses itself
            [self._parse(line) for line in values], config
        )
        return resolved(config)

    def _parse(self, line: str) -> Override:
        # The same few overrides make up all cells, and parsing one takes as long as setting ten.
        if line not in self._parsed:
            self._parsed[line] = self._parser.parse_override(line)
        return self._parsed[line]

    def _only_sets_a_value(self, line: str) -> bool:
        if line not in self._sets_value:
            override = self._parse(line)
            self._sets_value[line] = (
                not override.is_add()
                and not override.is_force_add()
                and not override.is_delete()
                and override.package is None
                and not override.is_hydra_override()
                and not self._is_group(override.key_or_group)
            )
        return self._sets_value[line]

    def _is_group(self, key: str) -> bool:
        return bool(self._loader.get_group_options(key, ObjectType.CONFIG)) or bool(
            self._loader.get_group_options(key, ObjectType.GROUP)
        )

    def _base(self, choices: Sequence[str]) -> DictConfig | None:
        config = self._loader.load_sweep_config(self._master, list(choices))
        with open_dict(config):
            del config["hydra"]
        # What refers to Hydra's node needs the node of its own cell.
        return None if "${hydra" in OmegaConf.to_yaml(config) else config

    def _slowly(self, overrides: Sequence[str]) -> dict[str, Any]:
        config = self._loader.load_sweep_config(self._master, list(overrides))
        HydraConfig.instance().set_config(config)
        plain = resolved(config)
        del plain["hydra"]
        return plain


def resolved(config: DictConfig) -> dict[str, Any]:
    """Return a configuration as plain values, every interpolation resolved."""
    plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True, enum_to_str=True)
    return cast("dict[str, Any]", plain)
