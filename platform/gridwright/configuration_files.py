"""The configurations that are installed, found without composing any of them."""

from __future__ import annotations

import re
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gridwright.plugins import configuration_packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable

#: `- name: choice` of a defaults list: what stands there is a group of its own.
_CHOICE = re.compile(r"^\s*- (?:override )?([\w-]+): ", re.MULTILINE)


def configuration_files(
    group: str, own_folders: Sequence[str] = ()
) -> Iterator[tuple[str, Traversable]]:
    """Yield (name, file) of every configuration of `group`, as `group=<name>` takes the name.

    What comes first takes the place of what comes later under the same name: the user's own
    folders, the platform, the plugins.

    Args:
        group: such as `dataset`, or `model/architecture`.
        own_folders: folders as `--config-dir` gets them.
    """
    seen = set()
    for root in (*map(Path, own_folders), *_roots()):
        folder = root.joinpath(*group.split("/"))
        if not folder.is_dir():
            continue
        for name, file in _below(folder, "", subgroups(folder)):
            if name not in seen:
                seen.add(name)
                yield name, file


def subgroups(folder: Traversable) -> set[str]:
    """Return the folders inside of a group that are groups themselves: `model/architecture`.

    Any other folder holds more configurations of the group: `experiment=paper/iris`.
    """
    chosen: set[str] = set()
    for entry in folder.iterdir():
        if entry.name.endswith(".yaml"):
            chosen.update(_CHOICE.findall(entry.read_text(encoding="utf-8")))
    return {name for name in chosen if folder.joinpath(name).is_dir()}


def groups() -> list[str]:
    """Return every group that is installed, such as `dataset` and `model/architecture`."""
    found: set[str] = set()
    for root in _roots():
        for folder in root.iterdir():
            if folder.is_dir() and folder.name != "__pycache__":
                found.add(folder.name)
                found.update(f"{folder.name}/{name}" for name in subgroups(folder))
    return sorted(found)


def _roots() -> Iterator[Traversable]:
    """Yield the folders of configurations: the platform's, then each plugin's, none imported."""
    yield resources.files("gridwright.conf")
    for package in configuration_packages():
        spec = find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            conf = Path(place) / "conf"
            if conf.is_dir():
                yield conf


def _below(
    folder: Traversable, prefix: str, left_out: set[str]
) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            if entry.name not in left_out:
                yield from _below(entry, f"{prefix}{entry.name}/", set())
        elif entry.name.endswith(".yaml"):
            yield prefix + entry.name.removesuffix(".yaml"), entry
