"""What all cells of one choice of groups have in common, and how values are set in it."""

from __future__ import annotations

import copy
import re
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import DictConfig, OmegaConf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydra.core.override_parser.types import Override

#: A key that leads through mappings only; others may lead into lists.
_PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")


class BaseConfiguration:
    """A composed configuration without Hydra's node, in which cells set their values.

    Without interpolations, what an override does depends on no other override, and one override
    stands in many cells: Hydra applies each of them once, and a cell is a copy of plain values.
    Otherwise Hydra applies all overrides of a cell to a copy of the configuration.
    """

    def __init__(self, config: DictConfig) -> None:
        self._config = config
        text = OmegaConf.to_yaml(config)
        #: Whether some value may need Hydra's own node of its cell, or what Hydra knows of it.
        self.needs_hydra = "${" in text and "hydra" in text
        self._plain = None if "${" in text or "???" in text else resolved(config)
        self._effects: dict[str, Any] = {}
        self._independent: dict[tuple[str, ...], bool] = {}

    def with_values(self, overrides: Sequence[Override]) -> dict[str, Any]:
        """Return the plain configuration in which `overrides` are set.

        Raises:
            HydraException: a key that is not there, or a value of the wrong type.
        """
        if self._plain is None or not self._are_independent(overrides):
            return resolved(self._applied(overrides))
        cell: dict[str, Any] = _copied(self._plain)
        for override in overrides:
            *parents, last = override.key_or_group.split(".")
            node = cell
            for key in parents:
                node = node[key]
            node[last] = _copied(self._effect(override))
        return cell

    def _applied(self, overrides: Sequence[Override]) -> DictConfig:
        config = copy.deepcopy(self._config)
        ConfigLoaderImpl._apply_overrides_to_config(  # noqa: SLF001 - the one Hydra uses itself
            list(overrides), config
        )
        return config

    def _effect(self, override: Override) -> Any:
        """Return the plain value at the override's key once it is applied."""
        line = cast("str", override.input_line)
        if line not in self._effects:
            top, *below = override.key_or_group.split(".")
            value = _plain(self._applied([override])[top])
            for key in below:
                value = value[key]
            self._effects[line] = value
        return self._effects[line]

    def _are_independent(self, overrides: Sequence[Override]) -> bool:
        lines = [override.input_line or "" for override in overrides]
        if any("${" in line or "???" in line for line in lines):
            return False
        keys = tuple(override.key_or_group for override in overrides)
        if keys not in self._independent:
            # In order, a key that is set inside of another comes right after it.
            ordered = sorted(f"{key}." for key in keys)
            nested = any(inner.startswith(outer) for outer, inner in pairwise(ordered))
            self._independent[keys] = not nested and all(map(_PLAIN_KEY.fullmatch, keys))
        return self._independent[keys]


def resolved(config: DictConfig) -> dict[str, Any]:
    """Return a configuration as plain values, every interpolation resolved, without `hydra`.

    Some of Hydra's own node is known to its launcher only; interpolations may ask for the rest.
    """
    return {str(key): _plain(config[key]) for key in config if key != "hydra"}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if not OmegaConf.is_config(value):
        return value
    return OmegaConf.to_container(value, resolve=True, throw_on_missing=True, enum_to_str=True)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    return [_copied(one) for one in value] if isinstance(value, list) else value
