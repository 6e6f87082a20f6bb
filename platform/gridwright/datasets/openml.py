"""`dataset=openml`: a table of openml.org by its name or number, through scikit-learn's fetcher."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from gridwright.datasets.data_folder import VARIABLE, data_folder
from gridwright.datasets.table_reading import ReadTable
from gridwright.datasets.tables import dataset_of
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from gridwright.datasets.dataset import Dataset
    from gridwright.datasets.settings import DatasetSettings


def read(settings: DatasetSettings) -> Dataset:
    """Return the table that `dataset.name` or `dataset.id` names.

    The fetcher checks OpenML's checksum and keeps what it has fetched in `openml` of the data
    folder, from where it is read the next time.

    Raises:
        DatasetError: it is not there and cannot be fetched, or does not fit the settings.
    """
    options = settings.options
    number = options.get("id")
    if number is None and settings.name is None:
        raise DatasetError(
            "dataset=openml needs the data set's name or number: set dataset.name, such as "
            "dataset.name=credit-g, or dataset.id, such as dataset.id=31"
        )
    if number is not None and (isinstance(number, bool) or not isinstance(number, int)):
        raise DatasetError(f"dataset.id must be OpenML's number of a data set, not {number!r}")
    bunch = _fetched(settings.name, number, options.get("version"))
    details = bunch.details
    frame = bunch.frame
    target = options.get("target")
    if target is None:
        target = list(bunch.target_names)
    note = f"OpenML {details['id']}: {details['name']}, version {details['version']}"
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return dataset_of(
        ReadTable(table, textual=False, notes=(note,)),
        options={**options, "target": target},
        name=settings.name or details["name"],
        source=f"https://www.openml.org/d/{details['id']}",
    )


def _fetched(name: str | None, number: int | None, version: Any) -> Any:
    from sklearn.datasets import fetch_openml

    which: dict[str, Any] = {"data_id": number}
    if number is None:
        which = {"name": name, "version": "active" if version is None else version}
    said = f"dataset.id={number}" if number is not None else f"dataset.name={name}"
    try:
        with warnings.catch_warnings():
            # It tries again before it gives up, and then the sentence below says why.
            warnings.simplefilter("ignore")
            return fetch_openml(**which, data_home=data_folder(), as_frame=True, parser="pandas")
    except (OSError, ValueError) as error:
        text = " ".join(str(error).split())
        raise DatasetError(
            f"OpenML does not give the data set of {said} ({text}): check the name and the "
            f"network, or copy the folder openml from a data folder that has it ({VARIABLE})"
        ) from error
