"""The search space: Hydra's sweep syntax -> the overrides of each cell of a grid."""

from __future__ import annotations

from itertools import chain, product
from math import prod
from typing import TYPE_CHECKING, Any

from hydra._internal.grammar.utils import escape_special_characters
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString

from gridwright.composition_errors import explain
from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override


class Grid(list[tuple[str, ...]]):
    """The Hydra overrides of every cell, each cell once.

    Attributes:
        repeated: how many cells were dropped because an earlier one is the same.
    """

    def __init__(self, dimensions: Iterable[Sequence[tuple[str, ...]]]) -> None:
        values = list(dimensions)
        # The paper lists one of its architectures twice.
        cells = product(*(dict.fromkeys(dimension) for dimension in values))
        super().__init__(tuple(chain.from_iterable(cell)) for cell in cells)
        self.repeated = prod(map(len, values)) - len(self)


def expand(
    arguments: Sequence[str],
    params: Mapping[str, Any] | None = None,
    config_loader: ConfigLoader | None = None,
    paired: Sequence[Sequence[str]] = (),
) -> Grid:
    """Return the cells of the grid, in its order: the last dimension changes fastest.

    Lists of values, `choice`, `range` and `glob` are dimensions; all else is the same in every
    cell. `params` come first, and an argument takes the place of the parameter of its key.

    Args:
        arguments: overrides as on the command line.
        params: key -> values in the same syntax, as in `hydra.sweeper.params`; what YAML reads
            as a number, a list, a mapping or null is that one value.
        config_loader: knows the options of a group, for `glob`.
        paired: keys whose values go together: the first with the first, and so on.

    Raises:
        ConfigurationError: a value cannot be read, or has no grid: an interval, an empty range; or
            paired keys that are not there, or have different numbers of values.
    """
    dimensions: dict[str, list[str]] = {}
    for override in parsed_overrides(arguments, params, config_loader):
        dimensions[override.get_key_element()] = override_values(override)
    return Grid(_joined(dimensions, paired))


def _joined(
    dimensions: Mapping[str, Sequence[str]], paired: Sequence[Sequence[str]]
) -> list[list[tuple[str, ...]]]:
    """Return the dimensions, those of each group of paired keys as one, in place of its first."""
    columns: dict[str, list[tuple[str, ...]]] = {
        key: [(line,) for line in lines] for key, lines in dimensions.items()
    }
    for group in paired:
        for key in group:
            if key not in columns:
                raise ConfigurationError(
                    f"hydra.sweeper.zip pairs the values of {', '.join(group)}, but {key} has none "
                    "here (or is in it twice)"
                )
        counts = [len(columns[key]) for key in group]
        if len(set(counts)) > 1:
            told = ", ".join(f"{key} has {n}" for key, n in zip(group, counts, strict=True))
            raise ConfigurationError(
                f"hydra.sweeper.zip pairs values, so there must be as many of each: {told}"
            )
        rows = zip(*(columns[key] for key in group), strict=True)
        columns[group[0]] = [tuple(chain.from_iterable(row)) for row in rows]
        for key in group[1:]:
            del columns[key]
    return list(columns.values())


def parsed_overrides(
    arguments: Sequence[str],
    params: Mapping[str, Any] | None = None,
    config_loader: ConfigLoader | None = None,
) -> list[Override]:
    """Return the overrides of a sweep: those of `params` that no argument replaces, then these.

    Raises:
        ConfigurationError: a value cannot be read.
    """
    parser = OverridesParser.create(config_loader=config_loader)
    lines = [parameter_line(key, value) for key, value in (params or {}).items()]
    try:
        defaults, given = parser.parse_overrides(lines), parser.parse_overrides([*arguments])
    except Exception as error:
        explained = explain(error)
        if explained is None:
            raise
        raise explained from error
    replaced = {key for override in given for key in _replaces(override)}
    kept = [override for override in defaults if override.get_key_element() not in replaced]
    # The last of several for one key counts, at the place of the first.
    return list({override.get_key_element(): override for override in [*kept, *given]}.values())


def parameter_line(key: str, value: Any) -> str:
    """Return the override that sets `key` to a value of a configuration file.

    A string is taken as it stands: it may list several values.
    """
    if key.startswith("~") and value is None:
        return key
    return f"{key}={value if isinstance(value, str) else _written(value)}"


def _written(value: Any) -> str:
    """Return how Hydra's grammar writes a plain value."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if isinstance(value, dict):
        pairs = (
            f"{escape_special_characters(str(key))}:{_written(one)}" for key, one in value.items()
        )
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, str):
        return QuotedString(value, Quote.single).with_quotes()
    return str(value)


def _replaces(override: Override) -> list[str]:
    key = override.get_key_element()
    # `++key` sets the key whether or not it is there.
    return [key, key[1:], key[2:]] if override.is_force_add() else [key]


def override_values(override: Override) -> list[str]:
    """Return the overrides that a grid makes of one.

    Raises:
        ConfigurationError: it has no grid, or no values.
    """
    line = override.input_line or ""
    if not override.is_sweep_override():
        return [line]
    if not override.is_discrete_sweep():
        raise ConfigurationError(
            f"{line} is a range of real numbers, which has no grid: list its values, such as "
            "0.1,0.01,0.001, or choose hydra.sweeper.search=random or tpe"
        )
    key = override.get_key_element()
    values = [f"{key}={value}" for value in override.sweep_string_iterator()]
    if not values:
        raise ConfigurationError(f"{line} has no values: a grid needs at least one of each")
    return values
