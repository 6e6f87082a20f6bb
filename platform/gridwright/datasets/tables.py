"""`dataset=table`: a table in a file of the user's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from gridwright.datasets.arrow_columns import is_plain, type_name, typed_column
from gridwright.datasets.column_names import MOST_SHOWN, ColumnNames
from gridwright.datasets.column_types import types_of
from gridwright.datasets.dataset import Dataset, read_only
from gridwright.datasets.fitting_memory import streaming_note
from gridwright.datasets.names import readable_name
from gridwright.datasets.row_selection import by_policy, rows_with
from gridwright.datasets.settings import choice_option
from gridwright.datasets.stored_columns import stored_column
from gridwright.datasets.stored_tables import kept_rows
from gridwright.datasets.table import MOST_CATEGORIES, Column, Table
from gridwright.datasets.table_files import read_table
from gridwright.datasets.table_options import (
    missing_values,
    path_of,
    reading_options,
    whole_option,
)
from gridwright.datasets.table_reading import MISSING
from gridwright.datasets.targets import target_of
from gridwright.datasets.useful_columns import counts_rows, summary_of, useless
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import Task
    from gridwright.datasets.settings import DatasetSettings
    from gridwright.datasets.table_reading import ReadTable

_TASKS = ("classification", "regression")


def read(settings: DatasetSettings) -> Dataset:
    """Return the table that `dataset.path` names.

    Raises:
        DatasetError: the file is absent or damaged, or does not fit the settings.
    """
    options = settings.options
    path = path_of(options.get("path"))
    found = read_table(path, replace(reading_options(options), in_pieces=settings.in_pieces))
    return dataset_of(
        found,
        options=options,
        name=settings.name or readable_name(path),
        source=str(path.absolute()),
    )


def dataset_of(found: ReadTable, *, options: Mapping[str, Any], name: str, source: str) -> Dataset:
    """Return the data set that an Arrow table holds.

    Args:
        found: features, targets, and whatever is left out.
        options: of the `dataset` node: `target`, `task`, `drop`, `types`, `missing`, ...
        name: what the data is called.
        source: where it came from.

    Raises:
        DatasetError: the table does not fit the options.
    """
    return _Reading(found, options, source).dataset(name)


class _Reading:
    """The steps from an Arrow table to a data set, and what is said about them."""

    def __init__(self, found: ReadTable, options: Mapping[str, Any], source: str) -> None:
        self._found = found
        self._table = found.table
        self._names = ColumnNames(source, found.table.column_names)
        self._options = options
        self._source = source
        self.notes = list(found.notes)
        self._written: dict[str, list[str]] = {}
        self._types = types_of(options.get("types"), self._names)

    def dataset(self, name: str) -> Dataset:
        options = self._options
        targets = self._names.several("target", options.get("target"))
        groups = self._names.one("groups", options.get("groups"))
        time = self._names.one("time", options.get("time"))
        dropped = self._names.several("drop", options.get("drop"))
        if not targets:
            raise DatasetError(
                "dataset=table needs the column that is predicted: set dataset.target to "
                f"one of {self._names.listing}"
            )
        self._keep(*rows_with(self._table, targets, self._source))
        self._keep(*by_policy(self._table, options.get("missing"), {*dropped}, self._source))
        task = cast("Task | None", choice_option("task", options.get("task"), _TASKS))
        target = target_of(
            self._source, [self._column(column, target=True) for column in targets], task
        )
        self.notes.append(target.note)
        left_out = {*targets, *dropped, *([] if groups is None else [groups])}
        features = self._features([n for n in self._table.column_names if n not in left_out])
        most = options.get("max_categories")
        most = MOST_CATEGORIES if most is None else whole_option("max_categories", most)
        if self._found.key:
            self.notes.append(streaming_note())
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
            max_categories=most,
            notes=tuple(self.notes),
            streamed=bool(self._found.key),
        )
        return dataset if time is None else _in_order(dataset, self._column(time))

    def _keep(self, valid: Any, notes: Sequence[str]) -> None:
        """Leave rows out, if `valid` is not None."""
        self.notes += notes
        if valid is not None:
            key = self._found.key
            self._table = kept_rows(self._table, valid, key) if key else self._table.filter(valid)

    @property
    def _missing(self) -> tuple[str, ...]:
        given = self._options.get("missing_values")
        return MISSING if given is None else missing_values(given)

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
                textual=self._found.textual,
                kind=self._types.get(name),
                decimal=self._found.decimal,
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
            kind = self._table[name].type
            if not is_plain(kind) and name not in self._types:
                left_out[name] = (
                    f"it holds values of the type {type_name(kind)}, which are neither numbers, "
                    "truth values, text nor dates"
                )
                continue
            column = self._typed(name)
            reason = None if name in self._types else useless(column)
            if column is None or reason:
                left_out[name] = reason or "it has no value at all"
                numbering += [column] if column is not None and counts_rows(column) else []
            else:
                kept.append(stored_column(column) if self._found.key else column)
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
        self.notes.append(summary_of(kept))
        for how, written in self._written.items():
            names = ", ".join(map(repr, written[:MOST_SHOWN]))
            more = ", ..." if len(written) > MOST_SHOWN else ""
            self.notes.append(f"{how}: {names}{more}")
        return tuple(kept)

    def _groups(self, name: str) -> Any:
        column = self._column(name)
        _, codes = np.unique(column.values, return_inverse=True)
        return codes


def _in_order(dataset: Dataset, time: Column) -> Dataset:
    if time.gaps.any():
        raise DatasetError(
            f"{dataset.source}: dataset.time={time.name} has no value in some rows: the order of "
            "time needs one in each"
        )
    order = np.argsort(time.values, kind="stable")
    return replace(dataset.keep(order), ordered=True)
