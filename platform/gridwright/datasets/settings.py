"""The `dataset` node of a configuration, checked key by key before any data is read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from gridwright.datasets.catalogue import named_set
from gridwright.errors import DatasetError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_SEED = 2**32 - 1  # of numpy's RandomState, which scikit-learn seeds


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """What a configuration says about the data of a trial.

    Attributes:
        name: of the data set.
        limit: samples that are kept: of the training part where a test part is published, else
            of the whole set. None keeps all.
        test_fraction: share of the samples that becomes the test part of a set that has no
            published one. None makes no test part.
        validation_fraction: share of the training part that is held out to rank trials.
        split_seed: seeds what `limit` keeps and where the set is divided.
    """

    name: str
    limit: int | None = None
    test_fraction: float | None = None
    validation_fraction: float | None = None
    split_seed: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> DatasetSettings:
        """Return the settings that the `dataset` node `config` holds.

        Raises:
            DatasetError: an unknown data set or key, or a value that cannot be; names the key.
        """
        if "name" not in config:
            raise DatasetError("the configuration names no data set: add dataset=<name>")
        published = named_set(config["name"]).published_test_part
        _refuse_unknown_keys(config, published)
        seed = _whole_number("split_seed", config.get("split_seed", 0), least=0)
        if seed > _LARGEST_SEED:
            raise DatasetError(f"dataset.split_seed must be at most {_LARGEST_SEED}, not {seed}")
        limit = config.get("limit")
        return cls(
            name=config["name"],
            limit=None if limit is None else _whole_number("limit", limit, least=1),
            test_fraction=_fraction("test_fraction", config.get("test_fraction")),
            validation_fraction=_fraction("validation_fraction", config.get("validation_fraction")),
            split_seed=seed,
        )


def _refuse_unknown_keys(config: Mapping[str, Any], published_test_part: bool) -> None:
    known = [field.name for field in fields(DatasetSettings)]
    if published_test_part:
        if config.get("test_fraction") is not None:
            raise DatasetError(
                f"dataset.test_fraction does not apply to {config['name']}, which is published "
                "with a test part: remove it"
            )
        known.remove("test_fraction")
    for key in config:
        if key not in known and key != "test_fraction":
            raise DatasetError(unknown_name("setting in dataset", key, known))


def _whole_number(key: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise DatasetError(
            f"dataset.{key} must be a whole number of at least {least}, not {value!r}"
        )
    return value


def _fraction(key: str, value: Any) -> float | None:
    if value is None:
        return None
    # A NaN is neither above 0 nor below 1, and is refused with the rest.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise DatasetError(f"dataset.{key} must lie between 0 and 1 (such as 0.2), not {value!r}")
    return float(value)
