"""Samples of a request for a table: records, split or columns -> a data frame of checked types."""

from __future__ import annotations

import json
from difflib import get_close_matches
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from mlflow.types import DataType

from gridwright.errors import beginning
from gridwright.tracking.refusals import RefusedInput

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from mlflow.types import ColSpec, Schema

    from gridwright.contract import Array

_SHOWN = 60
_SPLIT = frozenset({"columns", "data", "index"})

# What JSON may hold for each type of column, what that is called, and pandas' type for it.
_TYPES: dict[object, tuple[tuple[type, ...], str, str]] = {
    DataType.double: ((int, float), "a finite number", "float64"),
    DataType.float: ((int, float), "a finite number", "float32"),
    DataType.long: ((int,), "a whole number", "int64"),
    DataType.integer: ((int,), "a whole number", "int32"),
    DataType.boolean: ((bool,), "true or false", "bool"),
    DataType.string: ((str,), "text", "object"),
    DataType.datetime: ((str,), "a date as text, such as 2024-01-31", "object"),
}


def table(payload: Any, form: str, schema: Schema) -> pd.DataFrame:
    """Return the samples as the signature's columns, in its order; others are left out.

    Args:
        payload: the samples.
        form: how they are written: the name of the request's field.
        schema: named columns.

    Raises:
        RefusedInput: a column is missing, or a value is not of its column's type.
    """
    specs = {str(spec.name): cast("ColSpec", spec) for spec in schema.inputs}
    columns, count = _columns(payload, form, list(specs))
    if count == 0:
        raise RefusedInput("the request must hold at least one sample, but it is empty")
    arrays = {}
    for name, spec in specs.items():
        if name in columns:
            arrays[name] = _array(columns[name], spec)
        elif spec.required:
            raise RefusedInput(_missing(name, columns))
    return pd.DataFrame(arrays)


def _columns(
    payload: Any, form: str, names: Sequence[str]
) -> tuple[Mapping[str, Sequence[Any]], int]:
    """Return the values by column, those of the signature at least, and the number of samples."""
    if form == "dataframe_split":
        return _of_split(payload, names)
    if isinstance(payload, dict) and form != "dataframe_records":
        return _of_columns({spelt(name, names): values for name, values in payload.items()})
    if isinstance(payload, list) and all(type(record) is dict for record in payload):
        return _of_records(payload, names)
    example = "{" + json.dumps(names[0] if names else "x") + ": ...}"
    raise RefusedInput(f"{form} must be a list of objects such as {example}, one a sample")


def spelt(name: str, names: Collection[str]) -> str:
    """Return a column's name as the model has it: whoever reads its file may keep spaces around."""
    return name if name in names or name.strip() not in names else name.strip()


def _of_split(payload: Any, names: Sequence[str]) -> tuple[Mapping[str, Sequence[Any]], int]:
    if not isinstance(payload, dict) or not {"columns", "data"} <= payload.keys() <= _SPLIT:
        raise RefusedInput(
            "dataframe_split must be an object with the fields columns and data (and index, if "
            "you like)"
        )
    header, rows = payload["columns"], payload["data"]
    if not isinstance(header, list) or not all(isinstance(name, str) for name in header):
        raise RefusedInput("columns of dataframe_split must be a list of names")
    if not isinstance(rows, list) or not all(type(row) is list for row in rows):
        raise RefusedInput("data of dataframe_split must be a list of lists, one a sample")
    for place, row in enumerate(rows):
        if len(row) != len(header):
            raise RefusedInput(
                f"every row must have {len(header)} values, as many as there are columns, but row "
                f"{place} (counted from 0) has {len(row)}"
            )
    header = [spelt(name, names) for name in header]
    places = {name: place for place, name in enumerate(header)}
    for name in names:
        if header.count(name) > 1:
            raise RefusedInput(f"column {name!r} is there {header.count(name)} times")
    found = {name: list(map(itemgetter(place), rows)) for name, place in places.items()}
    return found, len(rows)


def _of_records(
    records: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> tuple[Mapping[str, Sequence[Any]], int]:
    if any(spelt(name, names) != name for record in records[:1] for name in record):
        records = [{spelt(name, names): v for name, v in record.items()} for record in records]
    held = dict.fromkeys(name for record in records for name in record)
    found = {}
    for name in held:
        lacking = [place for place, record in enumerate(records) if name not in record]
        if lacking and name in names:
            raise RefusedInput(
                f"every sample must have the same columns, but sample {lacking[0]} (counted from "
                f"0) lacks {name!r}"
            )
        if not lacking:
            found[name] = [record[name] for record in records]
    return found, len(records)


def _of_columns(payload: Mapping[str, Any]) -> tuple[Mapping[str, Sequence[Any]], int]:
    listed = [isinstance(values, list) for values in payload.values()]
    if not any(listed):  # one sample
        return {name: [value] for name, value in payload.items()}, len(payload) and 1
    lengths = {len(values) if isinstance(values, list) else None for values in payload.values()}
    if len(lengths) > 1:
        raise RefusedInput("every column must be a list of the same length")
    return payload, lengths.pop() or 0


def _array(values: Sequence[Any], spec: ColSpec) -> Array:
    accepted, word, dtype = _TYPES.get(spec.type, ((object,), "a value", "object"))
    allowed: set[type] = set(accepted) if spec.required else {*accepted, type(None)}
    if int in accepted and float in set(map(type, values)):
        # JSON has one type of number, and many a client writes 3 as 3.0.
        values = [_as_whole(value) for value in values]
    if object not in allowed and not set(map(type, values)) <= allowed:
        place = next(i for i, value in enumerate(values) if type(value) not in allowed)
        raise RefusedInput(
            f"every value must be {word}, but column {spec.name!r} holds "
            f"{shown(values[place])} in row {place} (counted from 0)"
        )
    if spec.type == DataType.datetime:
        return _dates(values, str(spec.name))
    try:
        # numpy makes a NaN of a gap among floats; among other values it must stay None for pandas.
        gaps = not spec.required and None in values
        array = np.array(values, dtype=object if gaps and dtype[0] != "f" else dtype)
    except OverflowError:
        raise RefusedInput(
            f"every value must be {word}, but column {spec.name!r} holds one of too many digits"
        ) from None
    infinite = np.isinf(array) if array.dtype.kind == "f" else np.zeros(0, bool)
    if infinite.any():
        place = int(np.flatnonzero(infinite)[0])
        raise RefusedInput(
            f"every value must be a finite number, but column {spec.name!r} holds {array[place]} "
            f"in row {place} (counted from 0)"
        )
    return array


def _dates(values: Sequence[Any], name: str) -> Array:
    """Return datetime64[ns] in UTC; pandas would make text of text, which MLflow takes for none."""
    parsed = pd.to_datetime(
        pd.Series(values, dtype=object), format="ISO8601", errors="coerce", utc=True
    )
    unread = [
        place for place, date in enumerate(parsed.isna()) if date and values[place] is not None
    ]
    if unread:
        raise RefusedInput(
            f"every value must be a date such as 2024-01-31, but column {name!r} holds "
            f"{shown(values[unread[0]])} in row {unread[0]} (counted from 0)"
        )
    dates: Array = parsed.dt.tz_localize(None).to_numpy().astype("datetime64[ns]")
    return dates


def _as_whole(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value


def _missing(name: str, columns: Mapping[str, Sequence[Any]]) -> str:
    near = get_close_matches(name, list(columns), n=1)
    hint = f"; is {near[0]!r} meant?" if near else ""
    return f"the input lacks the column {name!r}{hint}"


def shown(value: Any) -> str:
    """Return `value` as JSON, or its beginning."""
    return beginning(json.dumps(value, ensure_ascii=False), _SHOWN)
