"""`gridwright --help`: what is installed here, read from files and package metadata alone.

Hydra's own help composes a configuration first, which takes about twice as long as importing
Hydra. A person who asks for help should not wait, so this module imports nothing heavy.
"""

from __future__ import annotations

import shutil
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING

from gridwright import __version__
from gridwright.command_settings import COMMAND_SETTINGS
from gridwright.configuration_files import configuration_files, groups
from gridwright.described import described
from gridwright.errors import ConfigurationError, unknown_name
from gridwright.plugins import model_entry_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXAMPLES = """\
  gridwright dataset=iris model=numpy-mlp                          one run
  gridwright -m dataset=iris model=numpy-mlp model.eta=0.01,0.001  a grid of two trials
  gridwright -m experiment=paper/iris                              the paper's grid, 540 trials"""

OPTIONS = """\
  -m, --multirun           run every combination of the values that are separated by commas
  --cfg job                show the composed configuration and stop
  --config-dir FOLDER      a folder of your own with dataset/, model/ or experiment/ files
  -sc install=bash         shell completion (also zsh, fish): eval "$(gridwright -sc install=bash)"
  --hydra-help             everything else that Hydra understands"""

MORE = """\
`gridwright model=numpy-mlp --help` explains the parameters of a model, and
`gridwright dataset=iris model=numpy-mlp --cfg job` shows every setting of that choice."""

#: Groups whose choice `--help` explains, with what their settings are typed after.
_EXPLAINED = ("dataset", "model", "tracking", "experiment")


def help_for(arguments: Sequence[str]) -> str:
    """Return the help for a command line: about what it chooses, or about everything.

    Raises:
        ConfigurationError: it chooses something that is not installed.
    """
    folders = [after for before, after in pairwise(arguments) if before in {"--config-dir", "-cd"}]
    chosen: dict[str, str] = {}
    for argument in arguments:
        group, separator, name = argument.partition("=")
        if separator and group in {*_EXPLAINED, *groups()}:
            chosen[group] = name
    if not chosen:
        return help_text()
    parts = [
        _choice(group, name, folders)
        for group, names in chosen.items()
        for name in names.split(",")
    ]
    return "\n\n".join(parts)


def help_text() -> str:
    """Return what `gridwright --help` prints."""
    sections = [
        f"gridwright {__version__}: Hydra composes a grid, Ray Tune runs it, MLflow remembers it",
        f"Examples\n{EXAMPLES}",
        _section("Data sets (dataset=...)", listing("dataset")),
        _section("Models (model=...)", models()),
        _section("Experiments (experiment=...)", listing("experiment")),
        _section("Tracking (tracking=...)", listing("tracking")),
        _section("Settings (name=value)", _settings_of_commands()),
        f"Options\n{OPTIONS}",
        MORE,
    ]
    return "\n\n".join(sections)


def listing(group: str) -> list[tuple[str, str]]:
    """Return (name, description) of each configuration of a group."""
    return [(name, described(file).summary) for name, file in configuration_files(group)]


def models() -> list[tuple[str, str]]:
    """Return (name, summary of its package) of each installed model plugin."""
    rows = []
    for name, point in model_entry_points().items():
        summary = point.dist.metadata["Summary"] if point.dist else ""
        rows.append((name, summary or ""))
    return rows


def _choice(group: str, name: str, folders: Sequence[str]) -> str:
    """Return the help for one choice: what it is, its settings, what can be typed."""
    files = dict(configuration_files(group, folders))
    if name not in files:
        raise ConfigurationError(unknown_name(group, name, files))
    found = described(files[name])
    summary = dict(models()).get(name, "") if group == "model" else ""
    parts = [f"{group}={name}: {summary or found.summary}"]
    if found.commands:
        parts.append("\n".join(["Examples", *(f"  {line}" for line in found.commands)]))
    width = max((len(setting.name) for setting in found.settings), default=0)
    rows = [
        (f"{setting.name:<{width}}  {_shortened(setting.default)}", setting.text)
        for setting in found.settings
    ]
    key = group.partition("/")[0]
    if rows and group != "experiment":
        parts.append(_section(f"Settings ({key}.<name>=<value>), with their defaults", rows))
    parts += list(_related(group, name, folders))
    return "\n\n".join(parts)


def _related(group: str, name: str, folders: Sequence[str]) -> Iterator[str]:
    """Yield what else can be chosen with it: presets of its own, groups of its package."""
    presets = [row for row in listing(group) if row[0].startswith(f"{name}/")]
    if presets:
        yield _section(f"Presets ({group}=...)", presets)
    own = dict(configuration_files(group, folders)).get(name)
    text = own.read_text(encoding="utf-8") if own is not None else ""
    for nested in groups():
        parent, _, last = nested.partition("/")
        if parent == group and f"- {last}: " in text:
            yield _section(f"Presets ({nested}=...)", listing(nested))


def _settings_of_commands() -> list[tuple[str, str]]:
    rows = []
    for setting in COMMAND_SETTINGS:
        choices = f" ({', '.join(setting.choices)})" if len(setting.choices) > 2 else ""
        rows.append((f"{setting.name}={setting.default}", f"{setting.text}{choices}"))
    return rows


def _section(title: str, rows: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    room = max(30, shutil.get_terminal_size((110, 24)).columns - width - 5)
    lines = []
    for name, text in rows:
        first, *others = textwrap.wrap(text, room) or [""]
        lines.append(f"  {name:<{width}}  {first}".rstrip())
        lines += [f"  {'':<{width}}  {other}" for other in others]
    return "\n".join([title, *(lines or ["  (none installed)"])])


def _shortened(value: str) -> str:
    return value if len(value) <= 24 else f"{value[:21]}..."
