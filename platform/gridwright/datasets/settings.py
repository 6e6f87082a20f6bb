"""The `dataset` node of a configuration, checked key by key before any data is read."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal, cast

from gridwright.datasets.catalogue import source_of
from gridwright.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_SEED = 2**32 - 1  # of numpy's RandomState, which scikit-learn seeds
_MOST_FOLDS = 100
#: Fields that are no keys of the node, or not in this form.
_OWN = frozenset({"source", "options", "name", "kind", "in_pieces"})

Policy = Literal["impute", "drop", "refuse"]


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """What a configuration says about the data of a trial.

    Attributes:
        source: where the data comes from: a named set, or `table`, `arrays`, `images`, `openml`.
        name: what the data is called; None lets the source choose.
        limit: samples that are kept: of the training part where a test part is published, else
            of the whole set. None keeps all.
        fraction: the same as a share, in (0, 1]. None keeps all.
        test_fraction: share of the samples that becomes the test part of a set that has no
            published one. None makes no test part.
        validation_fraction: share of the training part that is held out to rank trials.
        folds: parts of a cross-validation, which ranks trials in place of one validation part.
        split_seed: seeds what `limit` keeps and where the set is divided.
        options: what only this source knows, by key.
        in_pieces: no key of the node: the model takes samples that are larger than memory.
    """

    source: str
    name: str | None = None
    limit: int | None = None
    fraction: float | None = None
    test_fraction: float | None = None
    validation_fraction: float | None = None
    folds: int | None = None
    split_seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    in_pieces: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> DatasetSettings:
        """Return the settings that the `dataset` node `config` holds.

        Raises:
            DatasetError: an unknown data set or key, or a value that cannot be; names the key.
        """
        if "kind" not in config and "name" not in config:
            raise DatasetError("the configuration names no data set: add dataset=<name>")
        kind = config.get("kind", config.get("name"))
        source = source_of(kind)
        _refuse_unknown_keys(config, source.options, published=source.published_test_part)
        seed = _whole_number("split_seed", config.get("split_seed", 0), least=0)
        if seed > _LARGEST_SEED:
            raise DatasetError(f"dataset.split_seed must be at most {_LARGEST_SEED}, not {seed}")
        limit, folds = config.get("limit"), config.get("folds")
        fraction = _share(config.get("fraction"))
        if limit is not None and fraction is not None:
            raise DatasetError(
                f"dataset.limit={limit} and dataset.fraction={fraction:g} both say how many "
                "samples are kept: set one of them to null"
            )
        return cls(
            source=cast("str", kind),
            name=text_option("name", config.get("name")),
            limit=None if limit is None else _whole_number("limit", limit, least=1),
            fraction=fraction,
            test_fraction=_fraction("test_fraction", config.get("test_fraction")),
            validation_fraction=_fraction("validation_fraction", config.get("validation_fraction")),
            folds=None if folds is None else _folds(folds),
            split_seed=seed,
            options={key: config.get(key) for key in source.options},
        )


def _refuse_unknown_keys(
    config: Mapping[str, Any], options: tuple[str, ...], published: bool
) -> None:
    common = [field.name for field in fields(DatasetSettings) if field.name not in _OWN]
    known = ["name", *common, *options]
    if published:
        if config.get("test_fraction") is not None:
            raise DatasetError(
                f"dataset.test_fraction does not apply to {config['name']}, which is published "
                "with a test part: remove it"
            )
        known.remove("test_fraction")
    for key in config:
        if key not in known and key not in {"test_fraction", "kind"}:
            raise DatasetError(unknown_name("setting in dataset", key, known))


def text_option(key: str, value: Any) -> str | None:
    """Return a text, or None; a number that Hydra made of one becomes text again.

    Raises:
        DatasetError: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise DatasetError(f"dataset.{key} must be a text, not {value!r}")
    return str(value)


def choice_option(key: str, value: Any, choices: tuple[str, ...]) -> str | None:
    """Return one of `choices`, or None.

    Raises:
        DatasetError: it is none of them.
    """
    if value is None:
        return None
    if value not in choices:
        raise DatasetError(f"dataset.{key} must be one of {', '.join(choices)}, not {value!r}")
    return cast("str", value)


def list_option(key: str, value: Any) -> list[str | int]:
    """Return a list of names or positions; one alone is a list of one, None an empty one.

    Raises:
        DatasetError: something else is in it.
    """
    items = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    for item in items:
        if isinstance(item, bool) or not isinstance(item, str | int):
            raise DatasetError(
                f"dataset.{key} must be a name, a position counted from 0, or a list of these, not "
                f"{item!r}"
            )
    return items


def _whole_number(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DatasetError(
            f"dataset.{key} must be a whole number of at least {least}, not {value!r}"
        )
    return value


def _folds(value: Any) -> int:
    folds = _whole_number("folds", value, least=2)
    if folds > _MOST_FOLDS:
        raise DatasetError(f"dataset.folds must be at most {_MOST_FOLDS}, not {folds}")
    return folds


def _fraction(key: str, value: Any) -> float | None:
    if value is None:
        return None
    # A NaN is neither above 0 nor below 1, and is refused with the rest.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise DatasetError(f"dataset.{key} must lie between 0 and 1 (such as 0.2), not {value!r}")
    return float(value)


def _share(value: Any) -> float | None:
    """Return the share of the samples that is kept; None for all."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise DatasetError(
            f"dataset.fraction must be above 0 and at most 1 (such as 0.1), not {value!r}"
        )
    return None if value == 1 else float(value)
