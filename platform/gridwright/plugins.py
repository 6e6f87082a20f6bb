"""Entry points -> checked plugins: the one place where installed packages are looked up."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from gridwright.contract import (
    DATASET_ENTRY_POINTS,
    MODEL_ENTRY_POINTS,
    DatasetPlugin,
    MeasuredPlugin,
    ModelPlugin,
    StreamingPlugin,
)
from gridwright.errors import ConfigurationError, PluginError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import DataDescription, Footprint

# A protocol's members that are not methods are annotations, so they are asked for one by one.
_MODEL_MEMBERS = ("name", "version", "requirements", "check", "build", "load")
_DATASET_MEMBERS = ("name", "options", "published_test_part", "read")


@cache
def model_entry_points() -> dict[str, EntryPoint]:
    """Return the installed model plugins by name, without importing any of them.

    Raises:
        PluginError: two packages announce the same name.
    """
    return _announced(MODEL_ENTRY_POINTS, "model")


@cache
def dataset_entry_points() -> dict[str, EntryPoint]:
    """Return the installed data sets by name, without importing any of them.

    Raises:
        PluginError: two packages announce the same name.
    """
    return _announced(DATASET_ENTRY_POINTS, "data set")


def configuration_packages() -> list[str]:
    """Return the packages of all plugins, whose `conf` folders hold their configurations."""
    points = [*model_entry_points().values(), *dataset_entry_points().values()]
    return list(dict.fromkeys(point.module.partition(".")[0] for point in points))


def model_plugin_names() -> list[str]:
    """Return the names that `model=<name>` accepts, sorted."""
    return list(model_entry_points())


@cache
def load_model_plugin(name: str) -> ModelPlugin:
    """Import one model plugin and check that it keeps the contract.

    Raises:
        ConfigurationError: no installed package announces that name.
        PluginError: the package cannot be imported, or lacks a part of `ModelPlugin`.
    """
    points = model_entry_points()
    if name not in points:
        raise ConfigurationError(
            f"{unknown_name('model', name, points)} (a model is installed with its package)"
        )
    plugin: ModelPlugin = _loaded(points[name], "model plugin", ModelPlugin, _MODEL_MEMBERS)
    return plugin


@cache
def model_requirements(name: str) -> tuple[str, ...]:
    """Return the pip requirements of a model plugin.

    Asked for once in a process: they are read from the metadata of packages, which takes 10 ms, and
    every trial's run has them.
    """
    return tuple(load_model_plugin(name).requirements)


@cache
def load_dataset_plugin(name: str) -> DatasetPlugin:
    """Import one data-set plugin, which is installed, and check that it keeps the contract.

    Raises:
        PluginError: the package cannot be imported, or lacks a part of `DatasetPlugin`.
    """
    point = dataset_entry_points()[name]
    plugin: DatasetPlugin = _loaded(point, "data-set plugin", DatasetPlugin, _DATASET_MEMBERS)
    return plugin


def _announced(group: str, kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise PluginError(
                f"two installed packages announce the {kind} '{point.name}' ({other.value} and "
                f"{point.value}): uninstall one of them"
            )
    return dict(sorted(found.items()))


def _loaded(point: EntryPoint, kind: str, protocol: type, members: Sequence[str]) -> Any:
    try:
        plugin = point.load()
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"{kind} '{point.name}' cannot be loaded from {point.value}: {error}"
        ) from error
    missing = [member for member in members if not hasattr(plugin, member)]
    if missing:
        raise PluginError(
            f"{kind} '{point.name}' ({point.value}) lacks {', '.join(missing)}: "
            f"see gridwright.contract.{protocol.__name__}"
        )
    if plugin.name != point.name:
        raise PluginError(
            f"{kind} '{point.name}' ({point.value}) calls itself '{plugin.name}': "
            "the entry point and `name` must agree"
        )
    return plugin


def reads_in_pieces(name: object) -> bool:
    """Tell whether a model takes samples that are larger than memory; False for unknown ones.

    Raises:
        PluginError: the package cannot be imported, or lacks a part of `ModelPlugin`.
    """
    if not isinstance(name, str) or name not in model_entry_points():
        return False
    plugin = load_model_plugin(name)
    return isinstance(plugin, StreamingPlugin) and plugin.reads_in_pieces is True


def model_names_in_pieces() -> list[str]:
    """Return the installed models that take samples larger than memory; broken ones are not."""
    found = []
    for name in model_entry_points():
        with suppress(PluginError):
            found += [name] if reads_in_pieces(name) else []
    return found


def footprint(
    plugin: ModelPlugin, parameters: Mapping[str, Any], data: DataDescription
) -> Footprint | None:
    """Return what a trial will take; None from a plugin that does not tell."""
    return plugin.footprint(parameters, data) if isinstance(plugin, MeasuredPlugin) else None
