"""`gridwright --help`: what is installed here, read from files and package metadata alone.

Hydra's own help composes a configuration first, which takes about twice as long as importing
Hydra. A person who asks for help should not wait, so this module imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gridwright import __version__
from gridwright.configuration_files import configuration_files
from gridwright.plugins import model_entry_points

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

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


def description(file: Traversable) -> str:
    """Return the first comment line of a configuration that is not its command."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        text = line.lstrip("# ").strip()
        if text and not text.startswith(("gridwright ", "@package")):
            return text
    return ""


def listing(group: str) -> list[tuple[str, str]]:
    """Return (name, description) of each configuration of a group of the platform's own."""
    return [(name, description(file)) for name, file in configuration_files(group)]


def models() -> list[tuple[str, str]]:
    """Return (name, summary of its package) of each installed model plugin."""
    rows = []
    for name, point in model_entry_points().items():
        summary = point.dist.metadata["Summary"] if point.dist else ""
        rows.append((name, summary or ""))
    return rows


def help_text() -> str:
    """Return what `gridwright --help` prints."""
    sections = [
        f"gridwright {__version__}: Hydra composes a grid, Ray Tune runs it, MLflow remembers it",
        f"Examples\n{EXAMPLES}",
        _section("Data sets (dataset=...)", listing("dataset")),
        _section("Models (model=...)", models()),
        _section("Experiments (experiment=...)", listing("experiment")),
        _section("Tracking (tracking=...)", listing("tracking")),
        f"Options\n{OPTIONS}",
        "`gridwright dataset=iris model=numpy-mlp --cfg job` shows every setting of that choice.",
    ]
    return "\n\n".join(sections)


def _section(title: str, rows: list[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"  {name:<{width}}  {text}".rstrip() for name, text in rows]
    return "\n".join([title, *(lines or ["  (none installed)"])])
