"""Where a setting stands: the file and line of the configuration that set it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridwright.configuration_files import configuration_files

if TYPE_CHECKING:
    from collections.abc import Sequence


class Places:
    """Finds settings in the configuration files that a command line chooses.

    Args:
        arguments: the command line.
    """

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        self._arguments = arguments
        self._folders = [
            after for before, after in pairwise(arguments) if before in {"--config-dir", "-cd"}
        ]

    def of_cause(self, cause: str) -> str:
        """Return the place of the setting that `cause` begins with, as in `model.eta: ...`."""
        return self.of(cause.partition(":")[0])

    def of(self, key: str) -> str:
        """Return `file, line n` for a dotted key; nothing if the command line sets it itself."""
        for argument in self._arguments:
            name, _, value = argument.lstrip("+").partition("=")
            # `model=numpy-mlp` chooses a file, `model={eta: 1}` says it all.
            if key == name or (key.startswith(f"{name}.") and ("." in name or value[:1] == "{")):
                return ""
        for argument in self._arguments:
            group, _, names = argument.partition("=")
            # An experiment stands at the root of the configuration, a choice of a group below it.
            inner = key if group == "experiment" else key.removeprefix(f"{group}.")
            if group == "experiment" or inner != key:
                for name in names.split(","):
                    if place := self._in_file(group, name, inner):
                        return place
        return ""

    def in_configuration(self, name: str, key: str) -> str:
        """Return the place of `key` in the configuration that Hydra calls `group/name`."""
        group, _, last = name.partition("/")
        return self._in_file(group, last, key)

    def _in_file(self, group: str, name: str, key: str) -> str:
        file = dict(configuration_files(group, self._folders)).get(name)
        line = None if file is None else _line(file.read_text(encoding="utf-8"), key.split("."))
        if line is None:
            return ""
        path = Path(str(file))
        inside = path.absolute().is_relative_to(Path.cwd())
        shown = path.absolute().relative_to(Path.cwd()) if inside else path
        return f"{shown}, line {line}"


def _line(text: str, keys: Sequence[str]) -> int | None:
    """Return the line, from 1, on which the deepest of nested `keys` stands in a YAML text."""
    import yaml

    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None
    line = None
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((name, value) for name, value in pairs if name.value == key), None)
        if found is None:
            return None
        line, node = found[0].start_mark.line + 1, found[1]
    return line
