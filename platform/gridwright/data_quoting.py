"""Names and characters of the user's own in `dataset.` settings, quoted for Hydra's grammar.

Hydra reads ASCII words only where there are no quotes, and takes `width (cm)` for a function.
Column and file names are what they are, and a shell has eaten the quotes that were typed. Between
braces Hydra allows no quotes at all: `dataset.types={width (cm): number}` becomes a list of texts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SETTING = re.compile(
    r"\+{0,2}dataset\.(?:target|path|name|drop|groups|time|missing_values|\w+_column)"
)
_CHARACTER = re.compile(r"(\+{0,2}dataset\.(?:separator|decimal))=([^\w'\"\\])", re.ASCII)
_TYPES = re.compile(r"(\+{0,2}dataset\.types)=\{(.*)\}")
_TYPE = re.compile(r"\s*(.+?)\s*:\s*(\w+)\s*(?:,|$)")
_CHOICES = re.compile(r"\s*(choice|range|glob|sort|shuffle|tag)\(")
#: What Hydra reads without quotes, and what has a meaning of its own in it.
_PLAIN = re.compile(r"[\w\s.:/\\+*$%@?|~-]*", re.ASCII)


def with_quotes(arguments: Sequence[str]) -> list[str]:
    """Return the arguments; what names data and needs quotes has them."""
    return [_quoted_argument(argument) for argument in arguments]


def _quoted_argument(argument: str) -> str:
    if typed := _TYPES.fullmatch(argument):
        return _as_list(argument, *typed.groups())
    if given := _CHARACTER.fullmatch(argument):
        return f'{given[1]}="{given[2]}"'
    key, equals, value = argument.partition("=")
    if not equals or not _SETTING.fullmatch(key) or {"'", '"'} & set(value):
        return argument
    if _CHOICES.match(value):
        return argument
    # A comma lists choices, and brackets around all of it a list of names.
    listed = value.startswith("[") and value.endswith("]")
    items = (value[1:-1] if listed else value).split(",")
    text = ",".join(map(_quoted, items))
    return f"{key}=[{text}]" if listed else f"{key}={text}"


def _as_list(argument: str, key: str, pairs: str) -> str:
    """Return `key={name: type, ...}` as `key=["name: type", ...]` if a name needs quotes."""
    found = _TYPE.findall(pairs)
    plain = all(_PLAIN.fullmatch(name) and ":" not in name for name, _ in found)
    if plain or {"'", '"', "\\"} & set(pairs):
        return argument
    texts = (f'"{name}: {kind}"' for name, kind in found)
    return f"{key}=[{','.join(texts)}]"


def _quoted(name: str) -> str:
    if _PLAIN.fullmatch(name):
        return name
    escaped = re.sub(r"(\\+)$", r"\1\1", name.strip())
    return f'"{escaped}"'
