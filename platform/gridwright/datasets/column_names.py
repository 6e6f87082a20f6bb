"""Columns of a table as its user speaks of them: by name, or by position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridwright.datasets.settings import list_option
from gridwright.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Names that a sentence lists at most.
MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ColumnNames:
    """The names of a table's columns.

    Attributes:
        source: where the table came from, for what is said about it.
        names: in the order of the file.
    """

    source: str
    names: Sequence[str]

    @property
    def listing(self) -> str:
        """The names, or the first of many."""
        return ", ".join(map(repr, self.names[:MOST_SHOWN])) + self._rest

    def several(self, key: str, value: Any) -> list[str]:
        """Return the columns that `dataset.<key>` names.

        Raises:
            DatasetError: there is no such column.
        """
        found = []
        for item in list_option(key, value):
            if str(item) in self.names:
                found.append(str(item))
            elif isinstance(item, int) and -len(self.names) <= item < len(self.names):
                found.append(self.names[item])
            else:
                raise DatasetError(self._no_column(key, item))
        return found

    def one(self, key: str, value: Any) -> str | None:
        """Return the column that `dataset.<key>` names; None if it is not set.

        Raises:
            DatasetError: there is no such column, or more than one is named.
        """
        found = self.several(key, value)
        if len(found) > 1:
            raise DatasetError(f"dataset.{key} must name one column, not {len(found)}")
        return found[0] if found else None

    def _no_column(self, key: str, item: object) -> str:
        sentence = unknown_name(f"column in dataset.{key}", item, self.names[:MOST_SHOWN])
        if len(self.names) == 1:
            return f"{self.source}: {sentence}; it has one column only: is dataset.separator right?"
        return f"{self.source}: {sentence}{self._rest}"

    @property
    def _rest(self) -> str:
        """What ends a list of more names than are shown."""
        return f", ... ({len(self.names)} in all)" if len(self.names) > MOST_SHOWN else ""
