"""Divides a data set into the parts of a trial; a table is encoded by what its own part teaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import DataDescription
from gridwright.datasets.dataset import Dataset, part_of, read_only
from gridwright.datasets.divisions import folds_of, hold_out
from gridwright.datasets.preprocessing import Preprocessing
from gridwright.datasets.settings import DatasetSettings
from gridwright.datasets.stored_columns import stored_matrix
from gridwright.datasets.table import Table
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridwright.contract import Array, RankBy
    from gridwright.datasets.dataset import Samples

#: Rows whose predictions are recorded, for the champion's loaded copy to repeat.
_PROBE_ROWS = 200


@dataclass(frozen=True, eq=False)
class TrialData:
    """What a trial trains and is measured on; its arrays are read-only.

    Attributes:
        description: what a plugin may know before it sees the data.
        digest: of the whole data set, so that trials on different splits share their lineage.
        source: where the data came from.
        x_train: samples that are trained on, `(n_train, *sample_shape)`.
        y_train: their targets.
        x_validation: samples that each epoch is scored on: held out of the training part, or
            the test part itself when trials are ranked by it. None where there is neither.
        y_validation: their targets.
        x_test: samples of the test part; None where there is none.
        y_test: their targets.
        preprocessing: what made the samples of a table's own columns; None for other data.
        raw_probes: for a table, the rows `probe_rows` as they were in the file.
        divisions: training and validation rows of each fold; empty without cross-validation.
        raw_train: the training part of a table that is cross-validated, as it was read.
        max_categories: columns of values that a category of a table has at most.
        notes: what was decided about the data, in sentences for the user.
        streamed: the samples do not fit into memory, and are in files that are mapped.
    """

    description: DataDescription
    digest: str
    source: str
    x_train: Array
    y_train: Array
    x_validation: Array | None
    y_validation: Array | None
    x_test: Array | None
    y_test: Array | None
    preprocessing: Preprocessing | None = None
    raw_probes: Table | None = None
    divisions: Sequence[tuple[Array, Array]] = ()
    raw_train: Table | None = None
    max_categories: int = 0
    notes: tuple[str, ...] = ()
    streamed: bool = False

    @property
    def samples(self) -> list[Array]:
        """The arrays of the parts, each once: the validation part may be the test part."""
        parts = (self.x_train, self.x_validation, self.x_test)
        return list({id(part): part for part in parts if part is not None}.values())

    @property
    def n_bytes(self) -> int:
        """Bytes of the samples of all parts."""
        return sum(part.nbytes for part in self.samples)

    @property
    def probe_rows(self) -> Array:
        """Rows of the test part, or else of the training part, that a model must repeat."""
        return probe_rows(len(self.x_train if self.x_test is None else self.x_test))

    def profile(self) -> dict[str, Any]:
        """Return the sizes of the parts, the balance of the classes and the digest, as JSON can."""
        parts = {"train": self.y_train, "validation": self.y_validation, "test": self.y_test}
        sizes = {f"num_{name}": len(y) for name, y in parts.items() if y is not None}
        profile: dict[str, Any] = {"sha256": self.digest, **sizes}
        if self.description.task == "classification":
            labels, counts = np.unique(self.y_train, return_counts=True)
            balance = zip(labels.tolist(), counts.tolist(), strict=True)
            profile["classes"] = {str(label): count for label, count in balance}
        return profile

    def folds(self) -> Iterator[TrialData]:
        """Yield the data of each fold of a cross-validation, made when it is asked for."""
        for kept, held_out in self.divisions:
            x, x_validation, names = self._encoded(kept, held_out)
            shape = tuple(x.shape[1:])
            yield replace(
                self,
                description=replace(
                    self.description, n_train=len(x), sample_shape=shape, feature_names=names
                ),
                x_train=x,
                y_train=read_only(self.y_train[kept]),
                x_validation=x_validation,
                y_validation=read_only(self.y_train[held_out]),
                divisions=(),
                raw_train=None,
            )

    def _encoded(self, kept: Array, held_out: Array) -> tuple[Array, Array, tuple[str, ...]]:
        if self.raw_train is None:
            x, names = self.x_train, self.description.feature_names
            return read_only(x[kept]), read_only(x[held_out]), names
        # No fold may know anything of what it is validated on.
        learned = Preprocessing.learned(self.raw_train[kept], self.max_categories)
        parts = (learned.encode(self.raw_train[rows]) for rows in (kept, held_out))
        first, second = map(read_only, parts)
        return first, second, learned.features


def probe_rows(n: int) -> Array:
    """Return the rows, of `n`, whose predictions are recorded: int64, in order, 200 at most."""
    return np.linspace(0, n - 1, min(_PROBE_ROWS, n)).astype(np.int64)


def split(dataset: Dataset, config: Mapping[str, Any], rank_by: RankBy) -> TrialData:
    """Return the parts of `dataset` that the `dataset` node `config` asks for.

    With `rank_by` "validation", a share of the training part is held out. With "test", all of it
    is trained on, and the validation part is the test part: the same arrays.

    Raises:
        DatasetError: a part is missing, or too small for the classes; names the key to change.
    """
    return divide(dataset, DatasetSettings.of(config), rank_by)


def divide(dataset: Dataset, settings: DatasetSettings, rank_by: RankBy) -> TrialData:
    """Return the parts of `dataset` as `split` does, for any data set and checked settings.

    Raises:
        DatasetError: a part is missing, or too small for the classes; names the key to change.
    """
    _check_ranking(dataset, settings, rank_by)
    parts = _Parts(dataset, settings, rank_by)
    preprocessing, raw = None, parts.raw_probes()
    encoded: dict[str, Array | None] = dict.fromkeys(parts.x)
    if isinstance(parts.x["train"], Table):
        preprocessing = Preprocessing.learned(parts.x["train"], dataset.max_categories)
        for name, part in parts.x.items():
            if part is not None:
                encoded[name] = _encoded(preprocessing, part, streamed=dataset.streamed)
    else:
        encoded = dict(parts.x)  # type: ignore[arg-type] # no table, as was just seen
    if rank_by == "test":
        encoded["validation"], parts.y["validation"] = encoded["test"], parts.y["test"]
    x_train, y_train = encoded["train"], parts.y["train"]
    assert x_train is not None and y_train is not None  # noqa: S101, PT018 - the training part
    raw_train = parts.x["train"] if parts.divisions else None
    return TrialData(
        description=_description(dataset, x_train, preprocessing),
        digest=dataset.digest,
        source=dataset.source,
        x_train=x_train,
        y_train=y_train,
        x_validation=encoded["validation"],
        y_validation=parts.y["validation"],
        x_test=encoded["test"],
        y_test=parts.y["test"],
        preprocessing=preprocessing,
        raw_probes=raw,
        divisions=parts.divisions,
        raw_train=raw_train if isinstance(raw_train, Table) else None,
        max_categories=dataset.max_categories,
        notes=dataset.notes,
        streamed=dataset.streamed,
    )


def _encoded(preprocessing: Preprocessing, part: Samples, *, streamed: bool) -> Array:
    assert isinstance(part, Table)  # noqa: S101 - a table's parts are tables
    if streamed:
        return stored_matrix(preprocessing, part)
    return read_only(preprocessing.encode(part))


def _check_ranking(dataset: Dataset, settings: DatasetSettings, rank_by: RankBy) -> None:
    if dataset.streamed and settings.folds is not None:
        raise DatasetError(
            f"dataset.folds={settings.folds} needs all samples in memory, and those of "
            f"{dataset.name} do not fit there: set it to null, or use a machine with more"
        )
    published = dataset.x_test is not None
    if rank_by == "test" and not published and settings.test_fraction is None:
        raise DatasetError(
            f"rank_by=test needs a test part of {dataset.name}: set dataset.test_fraction"
        )
    if rank_by == "test" and settings.folds is not None:
        raise DatasetError(
            f"dataset.folds={settings.folds} ranks trials by their validation parts, and "
            "rank_by=test asks for the test part: leave one of them out"
        )
    if rank_by == "validation" and settings.validation_fraction is None and not settings.folds:
        raise DatasetError(
            "rank_by=validation needs a validation part: set dataset.validation_fraction"
        )


class _Parts:
    """The parts of a data set, not encoded yet.

    Attributes:
        x: `train`, `validation`, `test` -> samples; None where there is no such part.
        y: the same for targets.
        divisions: rows of each fold within the training part.
    """

    def __init__(self, dataset: Dataset, settings: DatasetSettings, rank_by: RankBy) -> None:
        everything = np.arange(len(dataset.x))
        train, test, validation = everything, None, None
        if dataset.x_test is None and settings.test_fraction is not None:
            train, test = hold_out(dataset, train, "test", settings)
        self.divisions: Sequence[tuple[Array, Array]] = ()
        if rank_by == "validation" and settings.folds:
            self.divisions = folds_of(dataset, train, settings)
        elif rank_by == "validation":
            train, validation = hold_out(dataset, train, "validation", settings)
        rows = {"train": train, "validation": validation, "test": test}
        self.x: dict[str, Samples | None] = {
            # The whole of it is no copy.
            name: _samples(dataset, part, whole=part is everything)
            for name, part in rows.items()
        }
        self.y: dict[str, Array | None] = {
            name: None if part is None else read_only(dataset.y[part])
            for name, part in rows.items()
        }
        if dataset.x_test is not None:
            self.x["test"], self.y["test"] = dataset.x_test, dataset.y_test

    def raw_probes(self) -> Table | None:
        part = self.x["train"] if self.x["test"] is None else self.x["test"]
        return part[probe_rows(len(part))] if isinstance(part, Table) else None


def _samples(dataset: Dataset, rows: Array | None, *, whole: bool) -> Samples | None:
    if rows is None:
        return None
    return dataset.x if whole else part_of(dataset.x, rows)


def describe(dataset: Dataset, n_train: int) -> DataDescription:
    """Return what a plugin may know of arrays when it trains on `n_train` of their samples."""
    if isinstance(dataset.x, Table):
        raise TypeError("a table has a description once it is encoded")
    return _description(dataset, dataset.x[:n_train], None)


def _description(
    dataset: Dataset, x_train: Array, preprocessing: Preprocessing | None
) -> DataDescription:
    return DataDescription(
        name=dataset.name,
        task=dataset.task,
        n_train=len(x_train),
        sample_shape=tuple(x_train.shape[1:]),
        dtype=x_train.dtype.name,
        classes=dataset.classes,
        n_outputs=1 if dataset.y.ndim == 1 else dataset.y.shape[1],
        feature_names=dataset.feature_names if preprocessing is None else preprocessing.features,
        target_names=dataset.target_names,
        resized=dataset.resized,
    )
