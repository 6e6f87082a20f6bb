"""Hydra's and OmegaConf's exceptions -> one plain sentence each.

Their messages are written for the authors of an application. A person at the command line
needs what was wrong, where, and which names or types would have been right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gridwright.configuration_files import configuration_files
from gridwright.configuration_places import Places
from gridwright.errors import ConfigurationError, GridwrightError, beginning, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hydra.errors import MissingConfigException
    from omegaconf.errors import OmegaConfBaseException

#: Characters of an override that an error repeats.
_SHOWN = 200
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))


def explain(error: Exception, arguments: Sequence[str] = ()) -> GridwrightError | None:
    """Return the error with a sentence for a user; None for what is no fault of the user's.

    An error of our own is returned as it is, one of Hydra or OmegaConf becomes a
    `ConfigurationError` that is caused by it.

    Args:
        error: what was raised.
        arguments: the command line, to find the file and line that it is about.
    """
    if isinstance(error, GridwrightError):
        return error
    sentence = _sentence(error, arguments)
    if sentence is None:
        return None
    explained = ConfigurationError(sentence)
    explained.__cause__ = error
    return explained


def _sentence(error: Exception, arguments: Sequence[str]) -> str | None:
    from hydra.errors import (
        ConfigCompositionException,
        HydraException,
        MissingConfigException,
        OverrideParseException,
    )
    from omegaconf.errors import OmegaConfBaseException

    # Hydra raises its own exception from the one that knows the key, several levels deep.
    chain = list(_causes(error))
    for link in chain:
        if isinstance(link, MissingConfigException):
            return _missing_configuration(link)
    for link in chain:
        if isinstance(link, OverrideParseException):
            return _unreadable_override(link.override, str(link))
    for link in reversed(chain):
        if isinstance(link, OmegaConfBaseException):
            return _wrong_value(link)
    if isinstance(error, ConfigCompositionException | HydraException):
        return _composition(str(error), Places(arguments))
    return _of_no_class(error)


def _of_no_class(error: Exception) -> str | None:
    """Return the sentence for what Hydra lets through, or raises as a bare ValueError."""
    from yaml import MarkedYAMLError

    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{mark.name}, line {mark.line + 1}: {error.problem or 'no YAML'}"
    if isinstance(error, ValueError) and "Only one of --run, --multirun" in str(error):
        return "-m and --cfg are two different commands: leave one of them out"
    if isinstance(error, ValueError) and "Config group override must be a string" in str(error):
        return (
            "a group of configurations is set to something that names none: leave it out, or name "
            "one of those that `gridwright --help` lists"
        )
    return None


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _missing_configuration(error: MissingConfigException) -> str:
    wanted = str(error.missing_cfg_file or "").removesuffix(".yaml")
    group, _, name = wanted.rpartition("/")
    if not group:
        return " ".join(str(error).split())
    # `experiment/paper` is a folder of the group `experiment`, but `model/architecture` is a group
    # of its own: name options as they are typed. Hydra lists those of one folder only.
    root, *folders = group.split("/")
    prefix = "".join(f"{folder}/" for folder in folders)
    nested = [found for found, _ in configuration_files(root)]
    if folders and not any(found.startswith(prefix) for found in nested):
        return unknown_name(group, name, error.options or ())
    options = {prefix + option for option in error.options or ()}
    return unknown_name(root, prefix + name, options.union(nested))


def _unreadable_override(override: str, message: str) -> str:
    function = re.search(r"Unknown function '(\w+)'", message)
    if function:
        quoted = re.sub(rf"({function[1]}\([^()]*\))", r"'\1'", override)
        return (
            f'"{function[1]}(...)" in {override} reads as a function of Hydra: quote it, '
            f'as in "{quoted}"'
        )
    if "=" not in override:
        return f"cannot read '{override}': write key=value, such as dataset=iris"
    if "mismatched input '<EOF>'" in message:
        reason = "it ends too early: a bracket is not closed, or nothing follows a comma"
    elif "LexerNoViableAltException" in message:
        reason = "a quote is not closed, or a space, or a letter beyond A to Z, is not in quotes"
    elif any(override.count(opened) > override.count(closed) for opened, closed in _BRACKETS):
        reason = "a bracket is not closed"
    else:
        # Hydra may first repeat the override, and always ends with the address of its manual.
        lines = [line.strip() for line in message.splitlines()]
        reason = next(line for line in lines if not line.startswith("Error parsing override"))
    return f"cannot read '{beginning(override, _SHOWN)}': {reason}"


def _wrong_value(error: OmegaConfBaseException) -> str:
    from omegaconf import DictConfig
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, MissingMandatoryValue

    reason = str(error).splitlines()[0].strip()
    key = error.full_key or ""
    if isinstance(error, MissingMandatoryValue):
        return f"{key} has no default: add {key}=..."
    if isinstance(error, ConfigAttributeError | ConfigKeyError):
        parent = error.parent_node
        options = (
            [str(option) for option in parent if option != "hydra"]
            if isinstance(parent, DictConfig)
            else []
        )
        where, _, name = key.rpartition(".")
        if where and not options:
            return _nothing_below(where, name, parent)
        return unknown_name(f"setting in {where}" if where else "setting", name, options)
    return f"{key}: {reason}" if key and key not in reason else reason


def _nothing_below(where: str, name: str, emptied: Any) -> str:
    """Return what to set instead; OmegaConf has emptied the value before it refuses the key."""
    beside = emptied._get_parent() if emptied is not None else None  # noqa: SLF001 - no public way
    group = where.rpartition(".")[0]
    near = f"{group}.{name}" if group and beside is not None and name in beside else ""
    return (
        f"{where} holds no settings of which '{name}' could be one: set {where} itself"
        f"{f', or {near}' if near else ''}"
    )


def _composition(message: str, places: Places) -> str:
    ambiguous = re.search(r"Ambiguous value for argument '(.*)'", message)
    if ambiguous:
        return (
            f"{ambiguous[1]} lists several values: add -m to run each of them "
            "(or write [a,b] if it is one list)"
        )
    needs_multirun = re.search(r"Sweep parameters '(.*)' requires --multirun", message)
    if needs_multirun:
        return f"{needs_multirun[1]} is a sweep: add -m to run it"
    appended = re.search(r"An item is already at '(.*?)'", message)
    if appended:
        return f"{appended[1]} is there already: write {appended[1]}=..., without the +"
    composed = re.search(
        r"In '(.+?)': \w+ raised while composing config:\s*(.*?)\s*full_key: (\S+)",
        message,
        re.DOTALL,
    )
    if composed:
        name, reason, key = composed.groups()
        place = places.in_configuration(name, key) or f"in {name}"
        return f"{place}: {key}: {reason.splitlines()[0].strip()}"
    return " ".join(message.split())
