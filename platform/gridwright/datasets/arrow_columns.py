"""Columns of an Arrow table -> typed columns of ours: numbers, booleans, categories, dates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gridwright.datasets.column_types import types_argument
from gridwright.datasets.dates import date_format_of, parsed_dates
from gridwright.datasets.table import Column
from gridwright.datasets.written_numbers import looks_written, notation_of
from gridwright.errors import DatasetError, beginning

if TYPE_CHECKING:
    from gridwright.contract import Array
    from gridwright.datasets.table import Kind
    from gridwright.datasets.written_numbers import Notation

#: A column of text with at least this share of numbers is one of numbers, with mistakes in it.
MOSTLY_NUMBERS = 0.8
_LARGEST_WHOLE = 2.0**53
_LONGEST_TYPE = 60
_PLAIN_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_PLAIN = (
    *(pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    *(pa.types.is_date, pa.types.is_timestamp, pa.types.is_time, pa.types.is_null),
)


def typed_column(
    name: str,
    values: pa.ChunkedArray,
    *,
    textual: bool,
    kind: Kind | None = None,
    decimal: str = ".",
) -> Column | None:
    """Return one column; None if it has no value at all.

    Args:
        name: of the column.
        values: as Arrow read them.
        textual: they were text in the file.
        kind: what they are said to mean; None has it told from the values.
        decimal: the decimal mark of the file.

    Raises:
        DatasetError: values that are neither; names the column and the first bad row.
    """
    if values.null_count == len(values):
        return None
    values = _plain(name, values)
    if kind is None:
        kind = _kind_of(name, values, decimal)
    if kind == "number":
        return _number(name, values, decimal)
    return _BUILDERS[kind](name, values, textual)


def is_plain(kind: pa.DataType) -> bool:
    """Tell whether values of this type are numbers, truth values, text or dates."""
    if pa.types.is_dictionary(kind):
        return is_plain(kind.value_type)
    return any(is_one(kind) for is_one in _PLAIN)


def type_name(kind: pa.DataType) -> str:
    """Return the name of a type, or its beginning: an object has a type for each of its fields."""
    return beginning(str(kind), _LONGEST_TYPE)


def _plain(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return `values` in one of the types bool, int64, float64, timestamp, string."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(name, values.cast(kind.value_type))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return values.cast(pa.timestamp("us"), safe=False)
    if pa.types.is_boolean(kind):
        return values
    if pa.types.is_integer(kind):
        return values.cast(pa.float64() if pa.types.is_uint64(kind) else pa.int64(), safe=False)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return values.cast(pa.float64())
    if is_plain(kind):  # text, or a time of day
        return values.cast(pa.string())
    raise DatasetError(
        f"column {name!r} holds values of the type {type_name(kind)}, which are neither numbers, "
        "truth values, text nor dates: leave it out with dataset.drop"
    )


def _kind_of(name: str, values: pa.ChunkedArray, decimal: str) -> Kind:
    if pa.types.is_boolean(values.type):
        return "boolean"
    if pa.types.is_timestamp(values.type):
        return "date"
    if not pa.types.is_string(values.type):
        return "number"
    words = values.dictionary_encode().combine_chunks().dictionary.to_pylist()
    if date_format_of(words) is not None:
        return "date"
    if notation_of(words, decimal) is not None:
        return "number"
    _refuse_mistakes(name, values, words, decimal)
    return "category"


def _refuse_mistakes(name: str, values: pa.ChunkedArray, words: list[str], decimal: str) -> None:
    """Refuse a column of numbers with a few other texts in it."""
    numbers = {word for word in words if _is_number(word)} or _alike(words, decimal)
    if not numbers:
        return
    other = [word for word in words if word not in numbers]
    bad = pc.is_in(values, pa.array(other, pa.string()))
    present = len(values) - values.null_count
    n_bad = pc.sum(bad).as_py()
    if n_bad and present - n_bad >= MOSTLY_NUMBERS * present:
        row = int(np.flatnonzero(bad.to_numpy())[0])
        raise DatasetError(
            f"column {name!r} holds numbers, but {values[row].as_py()!r} in row {row + 1} (counted "
            f"from 1, without the header){_more(n_bad)}: correct it, add it to "
            "dataset.missing_values, or say what the column is, such as "
            f"{types_argument(name, 'category')}"
        )


def _more(n_bad: int) -> str:
    return f" and {n_bad - 1} more such value{'s' * (n_bad > 2)}" if n_bad > 1 else ""


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _alike(words: list[str], decimal: str) -> set[str]:
    """Return the words that are written as numbers are, all in one way."""
    written = [word for word in words if looks_written(word)]
    return set(written) if notation_of(written, decimal) else set()


def _number(name: str, values: pa.ChunkedArray, decimal: str) -> Column:
    notation = None
    if pa.types.is_string(values.type):
        array, notation = _written(name, values, decimal)
        whole = False
    else:
        array = values.cast(pa.float64(), safe=False).to_numpy()
        whole = pa.types.is_integer(values.type) and values.null_count == 0
        # Beyond that, a float is no longer every whole number.
        whole = whole and bool(np.abs(array).max() <= _LARGEST_WHOLE)
    infinite = np.flatnonzero(np.isinf(array))
    if len(infinite):
        raise DatasetError(
            f"column {name!r} holds an infinite number in row {infinite[0] + 1} (counted from 1, "
            "without the header): correct it, or add it to dataset.missing_values"
        )
    return Column(
        name,
        "number",
        array,
        whole=whole,
        optional=bool(np.isnan(array).any()),
        notation=notation,
    )


def _written(name: str, values: pa.ChunkedArray, decimal: str) -> tuple[Array, Notation | None]:
    """Return the numbers that texts write, and how; no notation where they are plain ones."""
    codes = values.dictionary_encode().combine_chunks()
    words = codes.dictionary.to_pylist()
    # What made the column one of text may have been left out, such as a last row of totals.
    plain = decimal == "." and all(map(_PLAIN_NUMBER.fullmatch, words))
    notation = None if plain else notation_of(words, decimal)
    if notation is not None:
        numbers = np.array([*map(notation.read, words), np.nan], np.float64)
        return numbers[codes.indices.fill_null(len(words)).to_numpy()], notation
    _refuse_mistakes(name, values, words, decimal)
    try:
        array = values.cast(pa.float64()).to_numpy().astype(np.float64)
    except pa.ArrowInvalid as error:
        raise DatasetError(f"column {name!r} is said to hold numbers, but {error}") from error
    return array, None


def _boolean(name: str, values: pa.ChunkedArray, textual: bool) -> Column:
    del textual
    if not pa.types.is_boolean(values.type):
        try:
            values = values.cast(pa.bool_())
        except pa.ArrowException as error:
            raise DatasetError(
                f"column {name!r} is said to hold truth values, but not all of its values are true "
                f"or false ({error})"
            ) from error
    array = values.cast(pa.int8()).fill_null(-1).to_numpy()
    return Column(name, "boolean", array, optional=values.null_count > 0)


def _category(name: str, values: pa.ChunkedArray, textual: bool) -> Column:
    del textual
    native = not pa.types.is_string(values.type)
    if pa.types.is_floating(values.type):
        numbers = values.to_numpy()
        present = numbers[~np.isnan(numbers)]
        if (present == np.rint(present)).all():  # whole numbers that have gaps
            values = pc.if_else(pc.is_nan(values), None, values).cast(pa.int64())
    codes = values.cast(pa.string()).dictionary_encode().combine_chunks()
    # Spaces around a word are a habit of who wrote the file, and no other value.
    words = [word.strip() for word in codes.dictionary.to_pylist()]
    vocabulary = tuple(sorted(set(words)))
    places = {word: place for place, word in enumerate(vocabulary)}
    place = np.array([*(places[word] for word in words), -1], np.int32)
    array: Array = place[codes.indices.fill_null(len(words)).to_numpy()]
    return Column(
        name, "category", array, vocabulary, native=native, optional=bool((array < 0).any())
    )


def _date(name: str, values: pa.ChunkedArray, textual: bool) -> Column:
    form = ""
    if pa.types.is_string(values.type):
        codes = values.dictionary_encode().combine_chunks()
        words = codes.dictionary.to_pylist()
        found = date_format_of(words)
        if found is None:
            raise DatasetError(
                f"column {name!r} is said to hold dates, but not all of its values are (such as "
                f"{words[0]!r})"
            )
        form = found
        dates = np.append(parsed_dates(words, form), np.datetime64("NaT", "us"))
        array = dates[codes.indices.fill_null(len(words)).to_numpy()]
    elif pa.types.is_timestamp(values.type):
        array = values.to_numpy().astype("datetime64[us]")
    else:
        raise DatasetError(f"column {name!r} is said to hold dates, but it holds {values.type}")
    optional = bool(np.isnat(array).any())
    return Column(name, "date", array, date_format=form, native=not textual, optional=optional)


_BUILDERS = {"boolean": _boolean, "category": _category, "date": _date}
