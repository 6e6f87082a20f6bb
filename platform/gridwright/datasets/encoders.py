"""One encoder a column: from values as they were read to columns of numbers, and back to names.

Each learns from the training part only, and holds nothing but plain values, so that JSON can
store it. Numbers become standard scores (less the mean, by the standard deviation); a gap becomes
the median, and a column of its own says where gaps were, if training had any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gridwright.datasets.written_numbers import Notation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from gridwright.datasets.table import Column, Kind

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class Score:
    """A standard score: (value - mean) / scale.

    Attributes:
        fill: takes the place of a gap: the median of training.
        mean: of training, gaps filled.
        scale: standard deviation of training, 1 where there is no variance.
    """

    fill: float
    mean: float
    scale: float

    @classmethod
    def learned(cls, values: Array) -> Score:
        """Return the score of these training values; NaN is a gap."""
        present = values[~np.isnan(values)]
        fill = float(np.median(present)) if len(present) else 0.0
        filled = np.where(np.isnan(values), fill, values)
        mean, scale = float(filled.mean()), float(filled.std())
        # Rounding leaves a trace of variance in a constant column of large numbers.
        tiny = 10.0 * np.finfo(np.float64).eps * abs(mean)
        return cls(fill, mean, scale if scale > tiny else 1.0)

    def of(self, values: Array) -> Array:
        """Return the scores of `values`, gaps filled."""
        scores: Array = (np.where(np.isnan(values), self.fill, values) - self.mean) / self.scale
        return scores


@dataclass(frozen=True, slots=True)
class NumberEncoder:
    """A number, or a truth value as 0 and 1: its score, and where gaps were.

    Attributes:
        name: of the column.
        kind: `number` or `boolean`.
        whole: only whole numbers are asked for.
        optional: a gap is allowed.
        indicator: training had gaps, and a column of its own says where.
        score: the standard score.
        notation: how the numbers are written; None for plain ones.
    """

    name: str
    kind: Kind
    whole: bool
    optional: bool
    indicator: bool
    score: Score
    notation: Notation | None = None

    @classmethod
    def learned(cls, column: Column) -> NumberEncoder:
        """Return the encoder of a training column."""
        score = Score.learned(_as_float(column))
        indicator = bool(column.gaps.any())
        return cls(
            *(column.name, column.kind, column.whole, column.optional),
            *(indicator, score, column.notation),
        )

    @property
    def features(self) -> list[str]:
        """Names of the encoded columns."""
        return [self.name, *[f"{self.name} (missing)"] * self.indicator]

    def encode(self, column: Column) -> list[Array]:
        """Return the encoded columns, float64 `(n,)` each."""
        return [self.score.of(_as_float(column)), *[column.gaps.astype(float)] * self.indicator]


@dataclass(frozen=True, slots=True)
class CategoryEncoder:
    """A category: one column for each of its values, 1 where it has that value.

    A value that has no column counts as `(other)` where training had rare values, and else as
    none of the known ones.

    Attributes:
        name: of the column.
        native: its values are numbers in the file.
        optional: a gap is allowed.
        indicator: training had gaps, and a column of its own says where.
        values: those with a column, the most frequent of training, sorted.
        other: whether there is a column for all other values.
    """

    kind: ClassVar[Kind] = "category"
    name: str
    native: bool
    optional: bool
    indicator: bool
    values: tuple[str, ...]
    other: bool

    @classmethod
    def learned(cls, column: Column, most: int) -> CategoryEncoder:
        """Return the encoder of a training column, with at most `most` columns of values."""
        gaps = column.gaps
        counts = np.bincount(column.values[~gaps], minlength=len(column.vocabulary))
        common = np.argsort(-counts, kind="stable")[: most if (counts > 0).sum() > most else None]
        kept = sorted(place for place in common.tolist() if counts[place])
        return cls(
            column.name,
            column.native,
            column.optional,
            bool(gaps.any()),
            tuple(column.vocabulary[place] for place in kept),
            other=len(kept) < int((counts > 0).sum()),
        )

    @property
    def features(self) -> list[str]:
        """Names of the encoded columns."""
        names = [f"{self.name}={value}" for value in self.values]
        return [
            *names,
            *[f"{self.name} (other)"] * self.other,
            *[f"{self.name} (missing)"] * self.indicator,
        ]

    def encode(self, column: Column) -> list[Array]:
        """Return the encoded columns, float64 `(n,)` each."""
        places = {value: place for place, value in enumerate(self.values)}
        unknown = len(self.values)
        of_word = np.array([places.get(word, unknown) for word in column.vocabulary], np.int64)
        codes = np.full(len(column), -1)
        present = ~column.gaps
        codes[present] = of_word[column.values[present]]
        found = [(codes == place).astype(np.float64) for place in range(unknown + self.other)]
        return [*found, *[column.gaps.astype(float)] * self.indicator]


@dataclass(frozen=True, slots=True)
class DateEncoder:
    """A date: days since 1970, month, day of the month, day of the week, and hour, as scores.

    Attributes:
        name: of the column.
        date_format: how it is written, as for strptime; empty for ISO 8601.
        native: the file holds dates, and not text.
        optional: a gap is allowed.
        indicator: training had gaps, and a column of its own says where.
        scores: what of the date is used -> its standard score.
    """

    kind: ClassVar[Kind] = "date"
    name: str
    date_format: str
    native: bool
    optional: bool
    indicator: bool
    scores: dict[str, Score]

    @classmethod
    def learned(cls, column: Column) -> DateEncoder:
        """Return the encoder of a training column; parts that never change are left out."""
        parts = _parts_of(column)
        used = {
            part: Score.learned(values)
            for part, values in parts.items()
            if part == "days" or len(np.unique(values[~np.isnan(values)])) > 1
        }
        indicator = bool(column.gaps.any())
        return cls(column.name, column.date_format, column.native, column.optional, indicator, used)

    @property
    def features(self) -> list[str]:
        """Names of the encoded columns."""
        names = [f"{self.name} ({part})" for part in self.scores]
        return [*names, *[f"{self.name} (missing)"] * self.indicator]

    def encode(self, column: Column) -> list[Array]:
        """Return the encoded columns, float64 `(n,)` each."""
        parts = _parts_of(column)
        found = [score.of(parts[part]) for part, score in self.scores.items()]
        return [*found, *[column.gaps.astype(float)] * self.indicator]


Encoder = NumberEncoder | CategoryEncoder | DateEncoder


def learned_encoder(column: Column, most_categories: int) -> Encoder:
    """Return the encoder that a column of the training part teaches."""
    if column.kind == "category":
        return CategoryEncoder.learned(column, most_categories)
    if column.kind == "date":
        return DateEncoder.learned(column)
    return NumberEncoder.learned(column)


def encoder_of(record: dict[str, Any]) -> Encoder:
    """Return the encoder that `dataclasses.asdict` and its `kind` were stored of."""
    kind = record["kind"]
    if kind == "category":
        rest = {key: value for key, value in record.items() if key != "kind"}
        return CategoryEncoder(**{**rest, "values": tuple(rest["values"])})
    if kind == "date":
        rest = {key: value for key, value in record.items() if key != "kind"}
        scores = {part: Score(**score) for part, score in rest["scores"].items()}
        return DateEncoder(**{**rest, "scores": scores})
    written = record.get("notation")
    notation = None if written is None else Notation(**written)
    return NumberEncoder(**{**record, "score": Score(**record["score"]), "notation": notation})


def _as_float(column: Column) -> Array:
    if column.kind == "number":
        return column.values
    values: Array = np.where(column.gaps, np.nan, column.values)
    return values


def _parts_of(column: Column) -> dict[str, Array]:
    dates, gaps = column.values, column.gaps
    day = dates.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    epoch = np.datetime64(0, "D")
    parts: Sequence[tuple[str, Array]] = (
        ("days", (dates - epoch.astype(dates.dtype)) / _DAY),
        ("month", month.astype(np.int64) % 12 + 1),
        ("day", (day - month.astype("datetime64[D]")) / _DAY + 1),
        ("weekday", (day.astype(np.int64) + 3) % 7),
        ("hour", (dates - day.astype(dates.dtype)) / np.timedelta64(1, "h")),
    )
    return {name: np.where(gaps, np.nan, values) for name, values in parts}
