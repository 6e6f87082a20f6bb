"""The configurations that the platform itself ships, found without composing any of them."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable


def configuration_files(group: str) -> Iterator[tuple[str, Traversable]]:
    """Yield (name, file) of every configuration of `group`, as `group=<name>` takes the name."""
    folder = resources.files("gridwright.conf") / group
    if folder.is_dir():
        yield from _below(folder, "")


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".yaml"):
            yield prefix + entry.name.removesuffix(".yaml"), entry
