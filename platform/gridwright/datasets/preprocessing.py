"""What turns a table's own columns into the matrix that a model sees: learned, stored, applied.

It is learned on the training part of a trial alone and stored as JSON inside the model, so that a
served model takes the columns as they were in the user's file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gridwright.datasets.dates import parsed_dates
from gridwright.datasets.encoders import Encoder, NumberEncoder, encoder_of, learned_encoder
from gridwright.datasets.table import ENCODING_VERSION, MOST_CATEGORIES, Column, Table
from gridwright.errors import DatasetError, ModelFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array
    from gridwright.datasets.written_numbers import Notation


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Encoders of all columns, in the order of the table.

    Attributes:
        encoders: one a column.
        missing: texts that stand for a gap.
    """

    encoders: tuple[Encoder, ...]
    missing: tuple[str, ...] = ()

    @classmethod
    def learned(cls, table: Table, most_categories: int = MOST_CATEGORIES) -> Preprocessing:
        """Return what the training part `table` teaches.

        A category with more than `most_categories` values keeps the most frequent ones.
        """
        encoders = (learned_encoder(column, most_categories) for column in table.columns)
        return cls(tuple(encoders), table.missing)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that it takes."""
        return tuple(encoder.name for encoder in self.encoders)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that it gives."""
        return tuple(name for encoder in self.encoders for name in encoder.features)

    def encode(self, table: Table) -> Array:
        """Return the matrix float64 `(n, n_features)` of a table with the same columns."""
        matrix = np.empty((len(table), len(self.features)))
        place = 0
        for encoder, column in zip(self.encoders, table.columns, strict=True):
            for values in encoder.encode(column):
                matrix[:, place] = values
                place += 1
        return matrix

    def encode_frame(self, frame: pd.DataFrame) -> Array:
        """Return the matrix float64 `(n, n_features)` of rows that a client sends.

        Raises:
            DatasetError: a column is missing, or a value is not of its column's kind; names the
                column and the row.
        """
        columns = [self._column(frame, encoder) for encoder in self.encoders]
        return self.encode(Table(tuple(columns)))

    def _column(self, frame: pd.DataFrame, encoder: Encoder) -> Column:
        if encoder.name not in frame.columns:
            if not encoder.optional:
                raise DatasetError(f"the input lacks the column {encoder.name!r}")
            values = pd.Series([None] * len(frame), dtype=object)
        else:
            values = frame[encoder.name].reset_index(drop=True)
        return sent_column(values, encoder, self.missing)

    def to_json(self) -> str:
        """Return the text that `of_json` reads."""
        encoders = [{**asdict(encoder), "kind": encoder.kind} for encoder in self.encoders]
        record = {"version": ENCODING_VERSION, "missing": self.missing, "columns": encoders}
        return json.dumps(record, indent=1, ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Preprocessing:
        """Return what `to_json` wrote.

        Raises:
            ModelFileError: another Gridwright wrote it, or something else.
        """
        try:
            record = json.loads(text)
            if record["version"] != ENCODING_VERSION:
                raise ModelFileError(
                    f"the preprocessing has version {record['version']}, this Gridwright reads "
                    f"version {ENCODING_VERSION}: install the one that wrote the model"
                )
            encoders = tuple(encoder_of(column) for column in record["columns"])
            return cls(encoders, tuple(record["missing"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"this is no preprocessing of Gridwright's ({error!r})") from error


def sent_column(values: pd.Series, encoder: Encoder, missing: Sequence[str]) -> Column:
    """Return what a client sent for one column, checked.

    Raises:
        DatasetError: a value is not of the column's kind, or missing where it must not be.
    """
    gaps = values.isna().to_numpy(dtype=bool)
    if values.dtype == object or isinstance(values.dtype, pd.StringDtype):
        gaps = gaps | values.isin(list(missing)).to_numpy(dtype=bool)
    if gaps.any() and not encoder.optional:
        _refuse(encoder, values, int(np.flatnonzero(gaps)[0]))
    column = _SENT[encoder.kind](values, gaps, encoder)
    # A gap that was no gap when it was sent is a value that could not be read.
    unread = np.flatnonzero(column.gaps & ~gaps)
    if len(unread):
        _refuse(encoder, values, int(unread[0]))
    return column


def _sent_number(values: pd.Series, gaps: Array, encoder: Encoder) -> Column:
    if isinstance(encoder, NumberEncoder) and encoder.notation is not None:
        values = _read(values, encoder.notation)
    numbers = pd.to_numeric(values.where(~gaps), errors="coerce").to_numpy(dtype=np.float64)
    infinite = np.flatnonzero(np.isinf(numbers))
    if len(infinite):
        _refuse(encoder, values, int(infinite[0]))
    return Column(encoder.name, "number", numbers)


def _read(values: pd.Series, notation: Notation) -> pd.Series:
    """Return the numbers that texts write; numbers stay, what is none becomes a gap."""
    return values.map(lambda value: notation.read(value) if isinstance(value, str) else value)


def _sent_boolean(values: pd.Series, gaps: Array, encoder: Encoder) -> Column:
    meant = {True: 1, False: 0, "True": 1, "False": 0, "true": 1, "false": 0, "TRUE": 1, "FALSE": 0}
    codes = values.where(~gaps).map(meant).to_numpy(dtype=np.float64, na_value=np.nan)
    return Column(encoder.name, "boolean", np.nan_to_num(codes, nan=-1).astype(np.int8))


def _sent_category(values: pd.Series, gaps: Array, encoder: Encoder) -> Column:
    words = [
        None if gap else _word(value) for value, gap in zip(values.tolist(), gaps, strict=True)
    ]
    vocabulary = tuple(sorted({word for word in words if word is not None}))
    places = {word: place for place, word in enumerate(vocabulary)}
    codes = np.array([-1 if word is None else places[word] for word in words], np.int32)
    return Column(encoder.name, "category", codes, vocabulary)


def _word(value: object) -> str:
    # JSON and pandas make 3.0 of a whole number that stands beside a gap.
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _sent_date(values: pd.Series, gaps: Array, encoder: Encoder) -> Column:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        dates = pd.to_datetime(values, utc=True).dt.tz_localize(None).to_numpy()
    else:
        words = ["" if gap else str(value) for value, gap in zip(values, gaps, strict=True)]
        dates = parsed_dates(words, getattr(encoder, "date_format", ""))
    return Column(encoder.name, "date", dates.astype("datetime64[us]"))


_SENT = {
    "number": _sent_number,
    "boolean": _sent_boolean,
    "category": _sent_category,
    "date": _sent_date,
}
_RULES = {
    "number": "a finite number",
    "boolean": "true or false",
    "category": "a text",
    "date": "a date",
}


def _refuse(encoder: Encoder, values: pd.Series, row: int) -> None:
    rule = _RULES[encoder.kind]
    if form := getattr(encoder, "date_format", ""):
        rule = f"a date written as {form}"
    if isinstance(encoder, NumberEncoder) and encoder.notation is not None:
        what = "a time of day" if encoder.notation.is_clock else "a number"
        rule = f"{what} written like {encoder.notation.example}"
    raise DatasetError(
        f"every value must be {rule}, but column {encoder.name!r} holds {values.iloc[row]} in row "
        f"{row} (counted from 0)"
    )
