"""The paper's notation for a choice and its numbers: `ReLU`, `LeakyReLU(0.1)`.

Activations, losses, optimizers, initializers and schedules are all chosen the same way: by an
instance, a class, a name with numbers in brackets, or a mapping such as
`{name: LeakyReLU, slope: 0.1}`. `str()` of an instance gives the notation back.
"""

from __future__ import annotations

import math
import re
from abc import ABC
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, TypeVar, cast

import numpy as np

from gridwright.errors import unknown_name
from numpy_mlp.errors import ParameterError

_CALL = re.compile(r"\s*([A-Za-z][\w-]*)\s*(?:\(([^()]*)\))?\s*")
_ARGUMENT = re.compile(r"\s*(?:([a-z]\w*)\s*=)?\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


class Choice(ABC):
    """Something that a hyperparameter names: an activation, a loss, an optimizer, ..."""

    #: What the choice is called in messages, such as `activation`.
    kind: ClassVar[str]

    def __str__(self) -> str:
        if not is_dataclass(self) or not fields(self):
            return type(self).__name__
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if len(values) == 1:
            return f"{type(self).__name__}({next(iter(values.values()))!r})"
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in values.items())})"


Chosen = TypeVar("Chosen", bound=Choice)


def choose(
    kind: str, options: Mapping[str, type[Chosen]], wanted: object, **defaults: float
) -> Chosen:
    """Return the member of a family that `wanted` stands for.

    Args:
        kind: the family's `Choice.kind`, such as `activation`.
        options: its members by their canonical name.
        wanted: an instance, a class, a name, a notation such as `LeakyReLU(0.1)`, or a mapping.
        defaults: values for fields that `wanted` does not set, where the member has such a field.

    Raises:
        ParameterError: an unknown name, or numbers that the member does not take.
    """
    if isinstance(wanted, Choice) and wanted.kind == kind:
        return cast("Chosen", wanted)
    if isinstance(wanted, type) and issubclass(wanted, Choice) and wanted.kind == kind:
        return _create(cast("type[Chosen]", wanted), (), {}, defaults)
    name, positional, named = _parse(kind, wanted)
    by_key = {_key(option): member for option, member in options.items()}
    member = by_key.get(_key(name))
    if member is None:
        raise ParameterError(unknown_name(kind, name, options))
    return _create(member, positional, named, defaults)


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _create(
    member: type[Chosen],
    positional: tuple[float, ...],
    named: Mapping[str, Any],
    defaults: Mapping[str, float],
) -> Chosen:
    names: list[str] = [field.name for field in fields(member)] if is_dataclass(member) else []
    known = dict(zip(names, positional, strict=False))
    unwanted = [*positional[len(names) :], *(name for name in named if name not in names)]
    if unwanted or known.keys() & named.keys():
        takes = f"takes {', '.join(names)}" if names else "takes no numbers"
        raise ParameterError(
            f"{member.kind} {member.__name__} {takes}, but got {_told(known, named, unwanted)}"
        )
    filled = {name: value for name, value in defaults.items() if name in names}
    return member(**{**filled, **known, **named})


def _told(known: Mapping[str, float], named: Mapping[str, Any], unwanted: list[Any]) -> str:
    twice = sorted(known.keys() & named.keys())
    return f"{', '.join(twice)} twice" if twice else ", ".join(map(str, unwanted))


def _parse(kind: str, wanted: object) -> tuple[str, tuple[float, ...], dict[str, Any]]:
    if isinstance(wanted, Mapping):
        named = dict(wanted)
        name = named.pop("name", None)
        if not isinstance(name, str):
            raise ParameterError(f"{kind} needs a name, as in {{name: ...}}, but got {wanted!r}")
        return name, (), named
    call = _CALL.fullmatch(wanted) if isinstance(wanted, str) else None
    if call is None:
        raise ParameterError(f"{kind} must be a name such as Name or Name(0.1), but got {wanted!r}")
    return call[1], *_parse_arguments(f"{kind} {wanted!r}", (call[2] or "").strip())


def _parse_arguments(where: str, text: str) -> tuple[tuple[float, ...], dict[str, Any]]:
    positional: list[float] = []
    named: dict[str, Any] = {}
    for part in text.split(",") if text else ():
        argument = _ARGUMENT.fullmatch(part)
        if argument is None:
            raise ParameterError(f"{where}: {part.strip()!r} is not a number")
        value = _number(argument[2])
        if argument[1]:
            named[argument[1]] = value
        elif named:
            raise ParameterError(f"{where}: numbers without a name come first")
        else:
            positional.append(value)
    return tuple(positional), named


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def check_number(
    what: str,
    value: object,
    low: float,
    high: float = float("inf"),
    *,
    above: bool = False,
    below: bool = False,
) -> None:
    """Refuse anything but a finite number between `low` and `high`, both included.

    Args:
        what: the number's name in the message.
        value: to check.
        low: smallest number allowed.
        high: largest number allowed.
        above: `low` itself is not allowed.
        below: `high` itself is not allowed.

    Raises:
        ParameterError: with the allowed range and what came instead.
    """
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(value)
        over = low < number if above else low <= number
        under = number < high if below else number <= high
        if over and under and math.isfinite(number):
            return
    told = f"above {low:g}" if above else f"at least {low:g}"
    if high != float("inf"):
        told += f" and {'below' if below else 'at most'} {high:g}"
    raise ParameterError(f"{what} must be a number {told}, but got {value!r}")
