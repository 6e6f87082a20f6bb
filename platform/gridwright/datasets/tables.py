"""`dataset=table`: a table in a file of the user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gridwright.datasets.arrow_columns import typed_column
from gridwright.datasets.dataset import Dataset, read_only
from gridwright.datasets.names import readable_name
from gridwright.datasets.settings import choice_option, list_option, text_option
from gridwright.datasets.table import KINDS, MOST_CATEGORIES, Column, Table
from gridwright.datasets.table_files import MISSING, ReadingOptions, read_table
from gridwright.datasets.targets import target_of
from gridwright.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from gridwright.contract import Task
    from gridwright.datasets.settings import DatasetSettings
    from gridwright.datasets.table import Kind

_TASKS = ("classification", "regression")
_POLICIES = ("impute", "drop", "refuse")
_MOST_SHOWN = 12
#: A text column with more distinct values than this share of its rows names things, one each.
_MOSTLY_DISTINCT = 0.5
_FEW = 20


def read(settings: DatasetSettings) -> Dataset:
    """Return the table that `dataset.path` names.

    Raises:
        DatasetError: the file is absent or damaged, or does not fit the settings.
    """
    options = settings.options
    path = _path(options.get("path"))
    found = read_table(path, _reading_options(options))
    return dataset_of(
        found.table,
        textual=found.textual,
        decimal=found.decimal,
        options=options,
        name=settings.name or readable_name(path),
        source=str(path.absolute()),
        notes=found.notes,
    )


def dataset_of(
    table: pa.Table,
    *,
    textual: bool,
    options: Mapping[str, Any],
    name: str,
    source: str,
    notes: Sequence[str] = (),
    decimal: str = ".",
) -> Dataset:
    """Return the data set that an Arrow table holds.

    Args:
        table: features, targets, and whatever is left out.
        textual: its values were text in the file.
        options: of the `dataset` node: `target`, `task`, `drop`, `types`, `missing`, ...
        name: what the data is called.
        source: where it came from.
        notes: what was decided already.
        decimal: the decimal mark of the file.

    Raises:
        DatasetError: the table does not fit the options.
    """
    reading = _Reading(table, textual, options, source, notes=notes, decimal=decimal)
    return reading.dataset(name)


class _Reading:
    """The steps from an Arrow table to a data set, and what is said about them."""

    def __init__(
        self,
        table: pa.Table,
        textual: bool,
        options: Mapping[str, Any],
        source: str,
        *,
        notes: Sequence[str],
        decimal: str,
    ) -> None:
        self._table = table
        self._textual = textual
        self._options = options
        self._source = source
        self._decimal = decimal
        self.notes = list(notes)
        self._written: dict[str, list[str]] = {}
        self._types = self._checked_types(options.get("types"))

    def dataset(self, name: str) -> Dataset:
        options = self._options
        targets = self._named("target", options.get("target"))
        groups = self._one("groups", options.get("groups"))
        time = self._one("time", options.get("time"))
        dropped = self._named("drop", options.get("drop"))
        if not targets:
            raise DatasetError(
                "dataset=table needs the column that is predicted: set dataset.target to "
                f"one of {self._listing()}"
            )
        self._drop_rows_without(targets)
        self._apply_policy({*dropped})
        task = cast("Task | None", choice_option("task", options.get("task"), _TASKS))
        target = target_of(
            self._source, [self._column(column, target=True) for column in targets], task
        )
        self.notes.append(target.note)
        left_out = {*targets, *dropped, *([] if groups is None else [groups])}
        features = self._features([n for n in self._table.column_names if n not in left_out])
        most = options.get("max_categories")
        dataset = Dataset(
            name=name,
            task=target.task,
            x=Table(features, self._missing),
            y=read_only(target.y),
            x_test=None,
            y_test=None,
            classes=target.classes,
            feature_names=tuple(column.name for column in features),
            target_names=tuple(targets),
            source=self._source,
            groups=None if groups is None else self._groups(groups),
            max_categories=MOST_CATEGORIES if most is None else _whole("max_categories", most),
            notes=tuple(self.notes),
        )
        return dataset if time is None else _in_order(dataset, self._column(time))

    @property
    def _missing(self) -> tuple[str, ...]:
        given = self._options.get("missing_values")
        return MISSING if given is None else missing_values(given)

    def _listing(self) -> str:
        names = self._table.column_names
        more = f", ... ({len(names)} in all)" if len(names) > _MOST_SHOWN else ""
        return ", ".join(map(repr, names[:_MOST_SHOWN])) + more

    def _named(self, key: str, value: Any) -> list[str]:
        """Return the names of the columns that a setting names, by name or position."""
        names: list[str] = self._table.column_names
        found = []
        for item in list_option(key, value):
            if str(item) in names:
                found.append(str(item))
            elif isinstance(item, int) and -len(names) <= item < len(names):
                found.append(names[item])
            else:
                raise DatasetError(self._no_column(key, item))
        return found

    def _no_column(self, key: str, item: object) -> str:
        names: list[str] = self._table.column_names
        sentence = unknown_name(f"column in dataset.{key}", item, names[:_MOST_SHOWN])
        if len(names) == 1:
            return (
                f"{self._source}: {sentence}; it has one column only: is dataset.separator right?"
            )
        if len(names) > _MOST_SHOWN:
            sentence += f", ... ({len(names)} in all)"
        return f"{self._source}: {sentence}"

    def _one(self, key: str, value: Any) -> str | None:
        names = self._named(key, value)
        if len(names) > 1:
            raise DatasetError(f"dataset.{key} must name one column, not {len(names)}")
        return names[0] if names else None

    def _checked_types(self, types: Any) -> dict[str, Kind]:
        if types is None:
            return {}
        if not isinstance(types, dict):
            raise DatasetError(
                f"dataset.types must be a mapping such as {{age: number}}, not {types!r}"
            )
        found: dict[str, Kind] = {}
        for name, kind in types.items():
            (column,) = self._named("types", name)
            found[column] = cast("Kind", choice_option(f"types.{name}", kind, KINDS))
        return found

    def _drop_rows_without(self, targets: Sequence[str]) -> None:
        """Leave out the rows whose target is missing: there is nothing to learn from them."""
        before = self._table.num_rows
        self._table = self._table.filter(_all_valid(self._table.select(list(targets))))
        if self._table.num_rows == 0:
            raise DatasetError(
                f"{self._source}: every value of the target {targets[0]!r} is missing"
            )
        if lost := before - self._table.num_rows:
            self.notes.append(
                f"{lost} of {before} rows are left out, for their target "
                f"{' or '.join(map(repr, targets))} is missing"
            )

    def _apply_policy(self, dropped: set[str]) -> None:
        policy = choice_option("missing", self._options.get("missing"), _POLICIES)
        if policy in {None, "impute"}:
            return
        kept = self._table.select([n for n in self._table.column_names if n not in dropped])
        valid = _all_valid(kept)
        before, after = self._table.num_rows, valid.true_count
        if policy == "refuse" and after < before:
            name = next(n for n in kept.column_names if kept[n].null_count)
            row = kept[name].is_null().to_numpy().argmax() + 1
            raise DatasetError(
                f"{self._source}: column {name!r} has no value in row {row} (counted from 1, "
                "without the header), and dataset.missing=refuse asks for none missing: set it to "
                "impute or drop"
            )
        if after == 0:
            raise DatasetError(
                f"{self._source}: dataset.missing=drop leaves no row, for every one has a gap: set "
                "it to impute"
            )
        if after < before:
            self._table = self._table.filter(valid)
            self.notes.append(f"{before - after} of {before} rows with gaps are left out")

    def _column(self, name: str, *, target: bool = False) -> Column:
        column = self._typed(name)
        if column is None:
            kind = "target" if target else "column"
            raise DatasetError(f"{self._source}: every value of the {kind} {name!r} is missing")
        return column

    def _typed(self, name: str) -> Column | None:
        try:
            column = typed_column(
                name,
                self._table[name],
                textual=self._textual,
                kind=self._types.get(name),
                decimal=self._decimal,
            )
        except DatasetError as error:
            raise DatasetError(f"{self._source}: {error}") from error
        if column is not None and column.notation is not None:
            notation = column.notation
            what = "times of day, counted in hours," if notation.is_clock else "numbers"
            self._written.setdefault(f"{what} written like {notation.example}", []).append(name)
        return column

    def _features(self, names: Sequence[str]) -> tuple[Column, ...]:
        kept: list[Column] = []
        numbering: list[Column] = []
        left_out: dict[str, str] = {}
        for name in names:
            column = self._typed(name)
            reason = None if name in self._types else _useless(column)
            if column is None or reason:
                left_out[name] = reason or "it has no value at all"
                numbering += [column] if column is not None and _counts_rows(column) else []
            else:
                kept.append(column)
        if not kept and numbering:
            kept = numbering
            left_out = {n: why for n, why in left_out.items() if n not in {c.name for c in kept}}
            self.notes.append(
                f"column {kept[0].name!r} numbers the rows, and is kept: there is no other to "
                "predict from"
            )
        self.notes += [f"column {name!r} is left out: {why}" for name, why in left_out.items()]
        if not kept:
            raise DatasetError(
                f"{self._source} has no column to predict from beside its target"
                + "".join(f"; {name!r} is left out: {why}" for name, why in left_out.items())
            )
        self.notes.append(_summary(kept))
        for how, written in self._written.items():
            names = ", ".join(map(repr, written[:_MOST_SHOWN]))
            more = ", ..." if len(written) > _MOST_SHOWN else ""
            self.notes.append(f"{how}: {names}{more}")
        return tuple(kept)

    def _groups(self, name: str) -> Any:
        column = self._column(name)
        _, codes = np.unique(column.values, return_inverse=True)
        return codes


def _useless(column: Column | None) -> str | None:
    """Return why a column is no feature; None for one that may be."""
    if column is None:
        return "it has no value at all"
    present = column.values[~column.gaps]
    if not column.optional and (present == present[0]).all():
        value = column.take(slice(1)).as_written()[0]
        return f"it has the same value in every row ({value!r})"
    # Only texts: to count the different values of a large column of numbers takes long.
    distinct = len(np.unique(present)) if column.kind == "category" else 0
    if distinct > max(_FEW, _MOSTLY_DISTINCT * len(present)):
        return (
            f"{distinct} of its {len(present)} texts are different, as in names or ids "
            f"('dataset.types={{{column.name}: category}}' keeps it)"
        )
    if _counts_rows(column):
        return f"it numbers the rows ('dataset.types={{{column.name}: number}}' keeps it)"
    return None


def _counts_rows(column: Column) -> bool:
    """Tell whether a column called id, index or the like only ever grows."""
    if column.kind != "number" or not column.whole:
        return False
    words = {"id", "index", "idx", "row", "rowid", "no", "nr", "unnamed: 0"}
    called = column.name.strip().lower()
    steps = np.diff(column.values)
    likely = called in words or called.endswith(("_id", " id", "-id"))
    return likely and len(steps) > 0 and bool((steps > 0).all())


def _summary(columns: Sequence[Column]) -> str:
    counts = {kind: sum(column.kind == kind for column in columns) for kind in KINDS}
    plural = {"number": "numbers", "boolean": "booleans", "category": "categories", "date": "dates"}
    parts = [
        f"{count} {kind if count == 1 else plural[kind]}" for kind, count in counts.items() if count
    ]
    gaps = [column.name for column in columns if column.optional]
    text = f"features: {', '.join(parts)}"
    if gaps:
        named = ", ".join(map(repr, gaps[:3])) + (", ..." if len(gaps) > 3 else "")
        text += (
            f"; gaps in {len(gaps)} ({named}) are filled with the median or stand for themselves"
        )
    return text


def _all_valid(table: pa.Table) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    valid = pa.array(np.ones(table.num_rows, bool))
    for column in table.columns:
        valid = pc.and_(valid, pc.is_valid(column).combine_chunks())
    return valid


def _in_order(dataset: Dataset, time: Column) -> Dataset:
    if time.gaps.any():
        raise DatasetError(
            f"{dataset.source}: dataset.time={time.name} has no value in some rows: the order of "
            "time needs one in each"
        )
    order = np.argsort(time.values, kind="stable")
    return replace(dataset.keep(order), ordered=True)


def missing_values(value: Any) -> tuple[str, ...]:
    """Return the texts that stand for a missing value.

    Raises:
        DatasetError: it is no list of texts.
    """
    items = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(item, str | int | float) for item in items):
        raise DatasetError(
            f"dataset.missing_values must be a list of texts such as ['?', '-'], not {value!r}"
        )
    return ("", *(str(item) for item in items if item != ""))


def _reading_options(options: Mapping[str, Any]) -> ReadingOptions:
    missing = options.get("missing_values")
    separator = text_option("separator", options.get("separator"))
    separator = {"tab": "\t", "\\t": "\t"}.get(separator or "", separator)
    if separator is not None and len(separator) != 1:
        raise DatasetError(f"dataset.separator must be one character, not {separator!r}")
    header = options.get("header")
    if header is not None and not isinstance(header, bool):
        raise DatasetError(f"dataset.header must be true, false or null, not {header!r}")
    return ReadingOptions(
        separator=separator,
        encoding=text_option("encoding", options.get("encoding")),
        decimal=choice_option("decimal", options.get("decimal"), (".", ",")),
        header=header,
        missing=MISSING if missing is None else missing_values(missing),
        known_names=frozenset(
            name
            for key in ("target", "drop", "groups", "time")
            for name in list_option(key, options.get(key))
            if isinstance(name, str)
        ),
    )


def _path(value: Any) -> Path:
    path = text_option("path", value)
    if path is None:
        raise DatasetError(
            "dataset=table needs a file: set dataset.path, such as dataset.path=my.csv"
        )
    return Path(path).expanduser()


def _whole(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DatasetError(f"dataset.{key} must be a whole number of at least 1, not {value!r}")
    return value
