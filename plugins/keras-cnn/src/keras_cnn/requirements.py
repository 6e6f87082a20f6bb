"""What the value of a parameter must be, as a sentence and as a test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridwright.errors import unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Requirement:
    """A rule for one value.

    Attributes:
        text: the rule, to stand after "must be".
        accepts: whether a value keeps it.
    """

    text: str
    accepts: Callable[[Any], bool]

    def objection(self, value: Any) -> str | None:
        """Return one sentence if `value` breaks the rule."""
        return None if self.accepts(value) else f"must be {self.text}, but got {value!r}"


@dataclass(frozen=True)
class OneOf(Requirement):
    """The rule that a value is one of a few names; its objection lists them.

    Attributes:
        kind: what the names name.
        names: the names.
    """

    kind: str
    names: frozenset[str]

    def objection(self, value: Any) -> str | None:
        """Return one sentence if `value` is not among the names."""
        return None if self.accepts(value) else unknown_name(self.kind, value, self.names)


def is_whole(value: Any) -> bool:
    """Whether `value` is an integer; True and False are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number; True and False are not."""
    return is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def one_of(kind: str, names: Iterable[str], *, optional: bool = False) -> OneOf:
    """Return the rule "one of these names", which None keeps, too, if `optional`."""
    choices = frozenset(names)

    def accepts(value: Any) -> bool:
        return (isinstance(value, str) and value in choices) or (optional and value is None)

    return OneOf(f"one of {', '.join(sorted(choices))}", accepts, kind, choices)


def optional(rule: Requirement) -> Requirement:
    """Return the same rule, which None keeps, too."""
    return Requirement(f"{rule.text}, or null", lambda value: value is None or rule.accepts(value))


def sizes(n_axes: int) -> Requirement:
    """Return the rule for a size along `n_axes` axes: one number for all, or one for each."""
    if n_axes == 1:
        return Requirement(
            "a whole number of at least 1",
            lambda value: _is_size(value) or (_is_list_of_sizes(value) and len(value) == 1),
        )
    return Requirement(
        f"a whole number of at least 1, or a list of {n_axes}",
        lambda value: _is_size(value) or (_is_list_of_sizes(value) and len(value) == n_axes),
    )


def _is_size(value: Any) -> bool:
    return is_whole(value) and value >= 1


def _is_list_of_sizes(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(_is_size(item) for item in value)


POSITIVE_WHOLE = Requirement("a whole number of at least 1", _is_size)
WHOLE = Requirement("a whole number of at least 0", lambda value: is_whole(value) and value >= 0)
POSITIVE = Requirement("a number above 0", lambda value: is_number(value) and value > 0)
NOT_NEGATIVE = Requirement("a number of at least 0", lambda value: is_number(value) and value >= 0)
FRACTION = Requirement(
    "a number from 0 to below 1", lambda value: is_number(value) and 0 <= value < 1
)
SHARE = Requirement("a number from 0 to 1", lambda value: is_number(value) and 0 <= value <= 1)
NUMBER = Requirement("a number", is_number)
NUMBERS_ABOVE_0 = Requirement(
    "a list of numbers above 0",
    lambda value: (
        isinstance(value, list | tuple)
        and bool(value)
        and all(is_number(item) and item > 0 for item in value)
    ),
)
TRUTH = Requirement("true or false", lambda value: isinstance(value, bool))
