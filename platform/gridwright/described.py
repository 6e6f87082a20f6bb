"""What a configuration file says about itself: its first comment, and one comment a setting.

The YAML of a plugin is the one place where its parameters have their defaults, so that is where
their meanings and ranges stand, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.resources.abc import Traversable

_SETTING = re.compile(
    r"^(?P<name>[A-Za-z_][\w-]*):(?P<value>(?:\s+(?!#).*?)?)(?:\s+#\s*(?P<text>.*))?$"
)
_COMMENT = re.compile(r"^\s+#\s*(?P<text>.*)$")
#: Keys of a file that are no settings of it.
_NOT_SETTINGS = frozenset({"defaults", "name", "hydra", "claims"})


@dataclass
class Setting:
    """A key of a configuration file.

    Attributes:
        name: the key.
        default: its value as it stands there; that of a list or mapping over several lines is
            `...`.
        text: the comment beside it, and those under it that go on.
    """

    name: str
    default: str
    text: str


@dataclass(frozen=True)
class Description:
    """A configuration file, as a person reads it.

    Attributes:
        summary: the first sentence of its first comment that is no command.
        commands: the commands of that comment.
        settings: its keys, in their order.
    """

    summary: str
    commands: Sequence[str]
    settings: Sequence[Setting] = field(default_factory=list)


def described(file: Traversable) -> Description:
    """Return what the configuration file says about itself."""
    lines = file.read_text(encoding="utf-8").splitlines()
    commands: list[str] = []
    prose: list[str] = []
    for line in lines:
        if not line.startswith("#"):
            break
        text = line.lstrip("# ").strip()
        if text.startswith("gridwright "):
            commands.append(text)
        elif prose and (not text or text[0].isupper()):
            break  # a headline, and what is said below it
        elif text and not text.startswith("@package"):
            prose.append(text)
    return Description(_first_sentence(" ".join(prose)), commands, _settings(lines))


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[\w)])[.;] ", text, maxsplit=1)[0].rstrip(".")


def _settings(lines: Sequence[str]) -> list[Setting]:
    found: list[Setting] = []
    inside = False
    for line in lines:
        setting, comment = _SETTING.match(line), _COMMENT.match(line)
        if setting:
            inside = setting["name"] not in _NOT_SETTINGS
            if inside:
                value = setting["value"].strip()
                found.append(Setting(setting["name"], value or "...", setting["text"] or ""))
        elif comment and inside and found[-1].default != "...":
            # The comment beside a setting goes on in the next line.
            found[-1].text = f"{found[-1].text} {comment['text']}".strip()
    return found
