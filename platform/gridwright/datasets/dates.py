"""Dates that are written as text: in which form, and what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array

#: ISO 8601 stands for itself. Where a day and a month may both be meant, the month comes first
#: only if no date of the column forbids it.
FORMATS = (
    "",
    *(
        f"{day}{time}"
        for day in (
            "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y",
            "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%b %d %Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y",
            "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%d-%b-%y", "%Y.%m.%d", "%Y年%m月%d日",
        )
        for time in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
    ),
    *("%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p"),
    *("%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S", "%Y%m%dT%H%M%S"),
    *("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%B %Y", "%Y年%m月"),
)  # fmt: skip
_LIKELY = re.compile(
    r"\s*(\d{1,4}[-/. 年]|[A-Za-z]{3,9} \d{1,2},? \d"
    r"|[A-Za-z]{3,9} \d{4}|[A-Z][a-z]{2},? (\d\d|[A-Z][a-z]{2}) |\d{8}T\d)"
)
_ISO = re.compile(r"\s*\d{4}-\d{2}-\d{2}([T ].*)?\s*")
_LOOKED_AT = 200
#: Share of a column's texts that are something else than dates, such as a word for "unknown".
_FEW_OTHERS = 0.2


def date_format_of(words: Sequence[str]) -> str | None:
    """Return the format in which all of these texts are dates; None if there is none."""
    looked_at = [word for word in words[:_LOOKED_AT] if word]
    if not looked_at or not all(_LIKELY.match(word) for word in looked_at):
        return None
    for form in FORMATS:
        # A few first: most forms fit none of them.
        parts = (looked_at, words)
        if all(not np.isnat(parsed_dates(part, form)).any() for part in parts):
            return form
    return None


def ways_of_dates(words: Sequence[str]) -> list[str]:
    """Return a text for each form in which dates are written here, and one that is none.

    Empty if most of the texts are no dates.
    """
    # From all over: the words of a column come sorted, and so one form after the other.
    left = [word for word in words[:: max(1, len(words) // _LOOKED_AT)] if word]
    few = _FEW_OTHERS * len(left)
    if sum(_LIKELY.match(word) is None for word in left) > few:
        return []
    ways = []
    for form in FORMATS:
        if not left:
            break
        fits = ~np.isnat(parsed_dates(left, form))
        if fits.any():
            ways.append(left[int(fits.argmax())])
            left = [word for word, fit in zip(left, fits, strict=True) if not fit]
    return [*ways, *left[:1]] if len(left) <= few else []


def parsed_dates(words: Sequence[str], form: str) -> Array:
    """Return datetime64[us] `(n,)`, NaT where a text is no date of this form; zones become UTC."""
    if not form:
        words = [word if _ISO.fullmatch(word) else "" for word in words]
    series = pd.Series(list(words), dtype=object)
    parsed = pd.to_datetime(series, format=form or "ISO8601", errors="coerce", utc=True)
    dates: Array = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return dates
