"""The search space: Hydra's sweep syntax -> the overrides of each cell of a grid."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from gridwright.composition_errors import explain
from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override


def expand(
    arguments: Sequence[str],
    params: Mapping[str, Any] | None = None,
    config_loader: ConfigLoader | None = None,
) -> list[tuple[str, ...]]:
    """Return the Hydra overrides of every cell, without repetitions, in the order of the grid.

    Args:
        arguments: overrides as on the command line; lists of values, `choice`, `range` and
            `glob` become dimensions of the grid, the last of them changing fastest.
        params: key -> value in the same syntax, as in `hydra.sweeper.params`; an argument for
            the same key takes its place.
        config_loader: knows the options of a group, for `glob`.

    Raises:
        ConfigurationError: a value cannot be read, or is an interval, which has no grid.
    """
    lines = [f"{key}={value}" for key, value in (params or {}).items()]
    parser = OverridesParser.create(config_loader=config_loader)
    try:
        overrides = parser.parse_overrides([*lines, *arguments])
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        raise explained from error
    dimensions: dict[str, list[str]] = {}
    for override in overrides:
        dimensions[_target(override)] = _values(override)
    # The paper lists one of its architectures twice: a cell that repeats another is dropped.
    return list(dict.fromkeys(product(*dimensions.values())))


def _target(override: Override) -> str:
    """Return what an override sets: a later one for the same target takes its place."""
    package = "" if override.package is None else f"@{override.package}"
    return f"{override.key_or_group}{package}"


def _values(override: Override) -> list[str]:
    if not override.is_sweep_override():
        assert override.input_line is not None
        return [override.input_line]
    if not override.is_discrete_sweep():
        raise ConfigurationError(
            f"{override.input_line} is a range of real numbers, which has no grid: list its "
            "values, such as 0.1,0.01,0.001"
        )
    return [f"{override.get_key_element()}={value}" for value in override.sweep_string_iterator()]
