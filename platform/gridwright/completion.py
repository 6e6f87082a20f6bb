"""Shell completion: `-sc install=bash` prints what a shell evaluates, `-sc query=bash` answers it.

Hydra has completion, too, but composes a configuration at every press of the key, which takes more
than a second. What is installed can be told from files and package metadata alone.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gridwright.command_settings import COMMAND_SETTINGS, OPTIONS
from gridwright.configuration_files import configuration_files, groups
from gridwright.described import described
from gridwright.errors import ConfigurationError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Each script gives the line up to the cursor in COMP_LINE. Bash breaks a line at `=` and expects
# what follows it only; a candidate may go on (a comma, another value), so no space is added.
_SCRIPTS = {
    "bash": """\
_gridwright() {
    local line="${COMP_LINE:0:COMP_POINT}" seen="${COMP_WORDS[COMP_CWORD]}" candidate
    local typed="${line##* }"
    [[ $seen == "=" || $seen == ":" ]] && seen=""
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("${candidate:$(( ${#typed} - ${#seen} ))}")
    done < <(COMP_LINE="$line" "${COMP_WORDS[0]}" -sc query=bash 2>/dev/null)
}
complete -o nospace -o default -F _gridwright gridwright
""",
    "zsh": """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_gridwright() {
    local -a candidates
    candidates=("${(@f)$(COMP_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" \
$words[1] -sc query=zsh 2>/dev/null)}")
    [[ -n "$candidates" ]] && compadd -Q -S '' -a candidates || _files
}
compdef _gridwright gridwright
""",
    "fish": """\
function __gridwright
    set -lx COMP_LINE (commandline -cp)
    gridwright -sc query=fish 2>/dev/null
end
complete -c gridwright -a '(__gridwright)'
""",
}
_REMOVAL = {
    "bash": "complete -r gridwright; unset -f _gridwright\n",
    "zsh": "compdef -d gridwright; unfunction _gridwright\n",
    "fish": "complete -e -c gridwright; functions -e __gridwright\n",
}
#: Settings whose values are groups; their parameters are offered behind a dot.
_NODES = ("dataset", "model", "tracking")
_DEFAULTS = {"dataset": "iris", "model": "numpy-mlp", "tracking": "local"}
_CHOICE_IN_COMMENT = re.compile(r"[\"'A-Za-z][\w.()-]*")


def answer(request: str, line: str) -> str:
    """Return what `gridwright -sc <request>` prints.

    Args:
        request: `install=<shell>`, `uninstall=<shell>` or `query=<shell>`.
        line: what was typed up to the cursor, for a query.

    Raises:
        ConfigurationError: another request, or a shell that is not known.
    """
    action, _, shell = request.partition("=")
    if action not in {"install", "uninstall", "query"}:
        raise ConfigurationError(
            "-sc takes install=<shell> or uninstall=<shell>, such as install=bash, but got "
            f"{request!r}"
        )
    if shell not in _SCRIPTS:
        raise ConfigurationError(unknown_name("shell", shell, _SCRIPTS))
    if action == "query":
        return "".join(f"{candidate}\n" for candidate in candidates(line))
    return (_SCRIPTS if action == "install" else _REMOVAL)[shell]


def candidates(line: str) -> list[str]:
    """Return what the last word of `line` can become; the first word is the command."""
    words = line.split()
    typed = "" if not words or line[-1].isspace() else words.pop()
    if words[-1:] and words[-1] in {"--config-dir", "-cd", "--config-path", "-cp"}:
        return []  # a folder: the shell knows better
    if typed.startswith("-"):
        found: Iterator[str] | Sequence[str] = OPTIONS
    elif "=" in typed:
        found = _values(typed, words)
    else:
        found = _keys(typed, words)
    return sorted({candidate for candidate in found if candidate.startswith(typed)})


def _keys(typed: str, words: Sequence[str]) -> Iterator[str]:
    yield from (f"{group}=" for group in groups())
    node, dot, _ = typed.partition(".")
    for setting in COMMAND_SETTINGS:
        # `resources.` stands for all of its settings until it is typed.
        head, inner, _ = setting.name.partition(".")
        yield f"{setting.name}=" if typed.startswith(head) or not inner else f"{head}."
    for name in _NODES:
        if not dot:
            yield f"{name}."
        elif node == name:
            yield from (f"{name}.{setting}=" for setting in _settings_of(name, words))


def _values(typed: str, words: Sequence[str]) -> Iterator[str]:
    key, _, value = typed.partition("=")
    # Of several values the last is completed, and none is offered twice.
    before, comma, _ = value.rpartition(",")
    head = f"{key}={before}{comma}"
    for choice in _choices(key, words):
        if choice not in before.split(","):
            yield f"{head}{choice}"


def _choices(key: str, words: Sequence[str]) -> Iterator[str]:
    if key in groups():
        yield from (name for name, _ in configuration_files(key, _own_folders(words)))
    for setting in COMMAND_SETTINGS:
        if setting.name == key:
            yield from setting.choices
    node, dot, name = key.partition(".")
    if dot and node in _NODES:
        text = _settings_of(node, words).get(name, "")
        # `Momentum  # GradientDescent, Momentum, ...`: names, one after the other.
        listed = text.partition(";")[0].removeprefix("of eta: ").split(", ")
        if len(listed) > 2:
            yield from (one for one in listed if _CHOICE_IN_COMMENT.fullmatch(one))


def _settings_of(group: str, words: Sequence[str]) -> dict[str, str]:
    """Return setting -> its comment, for the choice that `words` make (or the default)."""
    name = _DEFAULTS[group]
    for word in words:
        if word.startswith(f"{group}="):
            name = word.partition("=")[2].partition(",")[0]
    file = dict(configuration_files(group, _own_folders(words))).get(name)
    if file is None:
        return {}
    return {setting.name: setting.text for setting in described(file).settings}


def _own_folders(words: Sequence[str]) -> list[str]:
    return [after for before, after in pairwise(words) if before in {"--config-dir", "-cd"}]
