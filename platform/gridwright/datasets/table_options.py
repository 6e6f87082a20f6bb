"""What a user may set about a table: options of the `dataset` node, checked one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridwright.datasets.settings import choice_option, list_option, text_option
from gridwright.datasets.table_reading import MISSING, ReadingOptions
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def reading_options(options: Mapping[str, Any]) -> ReadingOptions:
    """Return how a file is to be read.

    Raises:
        DatasetError: an option has a value that cannot be; names it.
    """
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


def path_of(value: Any) -> Path:
    """Return the file that `dataset.path` names.

    Raises:
        DatasetError: it is not set.
    """
    path = text_option("path", value)
    if path is None:
        raise DatasetError(
            "dataset=table needs a file: set dataset.path, such as dataset.path=my.csv"
        )
    return Path(path).expanduser()


def whole_option(key: str, value: Any) -> int:
    """Return the whole number of at least 1 that `dataset.<key>` is set to.

    Raises:
        DatasetError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DatasetError(f"dataset.{key} must be a whole number of at least 1, not {value!r}")
    return value
