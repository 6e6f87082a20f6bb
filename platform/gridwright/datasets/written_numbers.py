"""Numbers that are written for people: `$1,234.50`, `1.234,50 €`, `12%`, `(30)`, `3.5 kg`, `14:05`.

A column has one notation, which every one of its values must follow: so `1,234` is not taken for
1234 in one row and for 1.234 in the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SPACES = " \u00a0\u2009\u202f"
_CURRENCY = "$€£¥₹₽₩₺₴₦₫฿₪¢"
_WRITTEN = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+\u2212])?\s*"
    rf"(?P<before>[{_CURRENCY}]|[A-Z]{{3}}(?=[{_SPACES}]))?\s*(?P<late>[-+\u2212])?"
    rf"(?P<digits>(?:[\d.,][\d.,'\u2019{_SPACES}]*)?\d)\s*"
    rf"(?P<after>[{_CURRENCY}%‰]|[^\W\d_]{{1,8}}[²³23]?(?:/[^\W\d_]{{1,4}})?)?\s*(?P<close>\))?"
)
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?:\s?([APap])\.?[Mm]\.?)?")
#: (decimal mark, what stands between thousands); the first that fits all values is taken.
_MARKS = (
    (".", ","),
    (",", "."),
    (".", _SPACES),
    (",", _SPACES),
    (".", "'\u2019"),
    (",", "'\u2019"),
)


#: So few words are codes, such as 2, 3, 4 and 5more, where only some of them have a unit.
_CODES = 12
#: Words of a column that tell quickly that it is text.
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Notation:
    """How the numbers of a column are written.

    Attributes:
        decimal: the decimal mark; `:` for a time of day, which counts as hours.
        grouping: the characters that may stand between groups of digits.
        before: what stands before every number, such as `$`.
        after: what stands behind every number, such as `%` or `kg`.
    """

    decimal: str
    grouping: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_clock(self) -> bool:
        """Whether it writes a time of day."""
        return self.decimal == ":"

    def read(self, text: str) -> float | None:
        """Return the number that `text` writes; None if it is not written so. `12%` is 12."""
        if self.is_clock:
            return _hours(text)
        found = _WRITTEN.fullmatch(text.strip())
        if found is None or bool(found["open"]) != bool(found["close"]):
            return None
        if (found["before"] or "") not in {"", self.before}:
            return None
        if (found["after"] or "") not in {"", self.after}:
            return None
        number = _number(found["digits"], self.decimal, self.grouping)
        signs = [mark for mark in (found["sign"], found["late"]) if mark]
        if number is None or len(signs) + bool(found["open"]) > 1:
            return None
        return -number if found["open"] or (signs and signs[0] != "+") else number

    def write(self, number: float) -> str:
        """Return a text that `read` takes for `number` again."""
        if self.is_clock:
            minutes, seconds = divmod(round(number * 3600, 6), 60)
            return f"{minutes // 60:02.0f}:{minutes % 60:02.0f}:{seconds:09.6f}"
        plain = np.format_float_positional(abs(number), trim="-")
        space = " " if len(self.before) > 1 else ""
        sign = "-" if number < 0 else ""
        return f"{sign}{self.before}{space}{plain.replace('.', self.decimal)}{self.after}"

    @property
    def example(self) -> str:
        """The number 1234.5, or a time of day, written so."""
        if self.is_clock:
            return "14:05"
        return f"{self.before}1{self.grouping[:1]}234{self.decimal}5{self.after}"


def notation_of(words: Sequence[str], decimal: str = ".") -> Notation | None:
    """Return the notation in which all of these texts are numbers; None if there is none.

    Args:
        words: distinct texts.
        decimal: the mark that is likelier where the values fit several, as `1,234` does.
    """
    if not words or not all(map(looks_written, words[:_LOOKED_AT])):
        return None
    if all(_CLOCK.fullmatch(word.strip()) for word in words):
        clock = Notation(":")
        return clock if _all_read(clock, words) else None
    found = [_WRITTEN.fullmatch(word.strip()) for word in words]
    if not all(found):
        return None
    before, after = ({m[part] for m in found if m and m[part]} for part in ("before", "after"))
    with_unit = sum(bool(m and m["after"]) for m in found)
    codes = len(words) <= _CODES and with_unit < len(words) and any(map(str.isalpha, after))
    if len(before) > 1 or len(after) > 1 or codes:
        return None
    for mark, grouping in sorted(_MARKS, key=lambda pair: pair[0] != decimal):
        notation = Notation(mark, grouping, *before or [""], *after or [""])
        if _all_read(notation, words):
            return notation
    return None


def looks_written(text: str) -> bool:
    """Tell whether this is a number in some notation."""
    return bool(_WRITTEN.fullmatch(text.strip()) or _CLOCK.fullmatch(text.strip()))


def _all_read(notation: Notation, words: Iterable[str]) -> bool:
    return all(notation.read(word) is not None for word in words)


def _hours(text: str) -> float | None:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hour, half = int(found[1]), (found[4] or "").upper()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "P")
    return hour + int(found[2]) / 60 + float(found[3] or 0) / 3600


def _number(digits: str, decimal: str, grouping: str) -> float | None:
    """Return the number of these digits; groups have three of them, or two as in India."""
    group = f"[{re.escape(grouping)}]" if grouping else "(?!)"
    form = rf"(\d*|\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}})(?:{re.escape(decimal)}(\d+))?"
    found = re.fullmatch(form, digits)
    if found is None:
        return None
    whole = re.sub(r"\D", "", found[1])
    number = float(f"{whole or '0'}.{found[2] or '0'}")
    return number if np.isfinite(number) and (found[1] or found[2]) else None
