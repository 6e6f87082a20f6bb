"""`dataset.types`: what a column of a table is, as a user says it and as a sentence proposes it.

It is written as a mapping, `{age: number}`. Hydra allows no quotes in one, so that a list of texts,
`["width (cm): number"]`, stands for it where a name has more than words.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, cast

from gridwright.datasets.settings import choice_option
from gridwright.datasets.table import KINDS
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from gridwright.datasets.column_names import ColumnNames
    from gridwright.datasets.table import Kind

#: Names that Hydra reads as text between braces.
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*( [A-Za-z0-9_]+)*")
_NO_TEXT = frozenset({"null", "true", "false", "nan", "inf"})


def types_of(given: Any, names: ColumnNames) -> dict[str, Kind]:
    """Return the kinds that `dataset.types` sets, by column.

    Raises:
        DatasetError: it is no such mapping, or names no column or no kind.
    """
    if given is None:
        return {}
    found: dict[str, Kind] = {}
    for name, kind in _pairs(given):
        (column,) = names.several("types", name)
        found[column] = cast("Kind", choice_option(f"types.{name}", kind, KINDS))
    return found


def types_argument(name: str, kind: Kind) -> str:
    """Return the argument, quoted for a shell, that says what a column is."""
    if _WORDS.fullmatch(name) and name.lower() not in _NO_TEXT:
        return f"'dataset.types={{{name}: {kind}}}'"
    text = f"{name}: {kind}".replace('"', '\\"')
    return shlex.quote(f'dataset.types=["{text}"]')


def _pairs(given: Any) -> list[tuple[Any, Any]]:
    if isinstance(given, dict):
        return list(given.items())
    if isinstance(given, list | tuple) and all(isinstance(t, str) and ":" in t for t in given):
        parted = (text.rpartition(":") for text in given)
        return [(name.strip(), kind.strip()) for name, _, kind in parted]
    raise DatasetError(
        "dataset.types must be a mapping such as {age: number}, or a list such as "
        f"['width (cm): number'], not {given!r}"
    )
