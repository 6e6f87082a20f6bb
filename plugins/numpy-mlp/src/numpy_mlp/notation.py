"""The paper's notation for a choice and its numbers: `ReLU`, `LeakyReLU(0.1)`.

Activations, losses, optimizers, initializers and schedules are all chosen the same way: by an
instance, a class, a name with numbers in brackets, or a mapping such as
`{name: LeakyReLU, slope: 0.1}`. `str()` of an instance gives the notation back.
"""

from __future__ import annotations

import re
from abc import ABC
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, TypeVar

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
    base: type[Chosen], options: Mapping[str, type[Chosen]], wanted: object, **defaults: float
) -> Chosen:
    """Return the instance of `base` that `wanted` stands for.

    Args:
        base: the family, such as `Activation`.
        options: its members by their canonical name.
        wanted: an instance, a class, a name, a notation such as `LeakyReLU(0.1)`, or a mapping.
        defaults: values for fields that `wanted` does not set, where the member has such a field.

    Raises:
        ParameterError: an unknown name, or numbers that the member does not take.
    """
    if isinstance(wanted, base):
        return wanted
    if isinstance(wanted, type) and issubclass(wanted, base):
        return _create(wanted, (), {}, defaults)
    name, positional, named = _parse(base.kind, wanted)
    by_key = {_key(option): member for option, member in options.items()}
    member = by_key.get(_key(name))
    if member is None:
        raise ParameterError(unknown_name(base.kind, name, options))
    return _create(member, positional, named, defaults)


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _create(
    member: type[Chosen],
    positional: tuple[float, ...],
    named: Mapping[str, Any],
    defaults: Mapping[str, float],
) -> Chosen:
    names = [field.name for field in fields(member)] if is_dataclass(member) else []
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
    positional: list[float] = []
    named = {}
    for text in (call[2] or "").split(",") if (call[2] or "").strip() else ():
        argument = _ARGUMENT.fullmatch(text)
        if argument is None:
            raise ParameterError(f"{kind} {wanted!r}: {text.strip()!r} is not a number")
        value = _number(argument[2])
        if argument[1]:
            named[argument[1]] = value
        elif named:
            raise ParameterError(f"{kind} {wanted!r}: numbers without a name come first")
        else:
            positional.append(value)
    return call[1], tuple(positional), named


def _number(text: str) -> float:
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def check_number(
    kind: str,
    name: str,
    value: object,
    low: float,
    high: float = float("inf"),
    *,
    open_low: bool = False,
) -> None:
    """Refuse a value that is no finite number between `low` and `high`, both included.

    Raises:
        ParameterError: with the allowed range and what came instead.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    inside = number and (low < value if open_low else low <= value) and value <= high  # type: ignore[operator]  # `number` narrows it
    if not inside or value == float("inf"):
        bound = f"above {low:g}" if open_low else f"at least {low:g}"
        limit = "" if high == float("inf") else f" and at most {high:g}"
        raise ParameterError(f"{kind} {name} must be {bound}{limit}, but got {name}={value!r}")
