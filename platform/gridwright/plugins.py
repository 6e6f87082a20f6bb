"""Entry points -> checked plugins: the one place where installed packages are looked up."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from gridwright.contract import MODEL_ENTRY_POINTS, MeasuredPlugin, ModelPlugin
from gridwright.errors import ConfigurationError, PluginError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import DataDescription, Footprint


@cache
def model_entry_points() -> dict[str, EntryPoint]:
    """Return the installed model plugins by name, without importing any of them.

    Raises:
        PluginError: two packages announce the same name.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=MODEL_ENTRY_POINTS):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise PluginError(
                f"two installed packages announce the model '{point.name}' ({other.value} and "
                f"{point.value}): uninstall one of them"
            )
    return dict(sorted(found.items()))


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
    point = points[name]
    try:
        plugin = point.load()
    except (ImportError, AttributeError) as error:
        raise PluginError(
            f"model plugin '{name}' cannot be loaded from {point.value}: {error}"
        ) from error
    # A protocol's members that are not methods are annotations, so ask for them one by one.
    required = ("name", "version", "requirements", "check", "build", "load")
    missing = [member for member in required if not hasattr(plugin, member)]
    if missing:
        raise PluginError(
            f"model plugin '{name}' ({point.value}) lacks {', '.join(missing)}: "
            "see gridwright.contract.ModelPlugin"
        )
    if plugin.name != name:
        raise PluginError(
            f"model plugin '{name}' ({point.value}) calls itself '{plugin.name}': "
            "the entry point and `name` must agree"
        )
    checked: ModelPlugin = plugin
    return checked


def footprint(
    plugin: ModelPlugin, parameters: Mapping[str, Any], data: DataDescription
) -> Footprint | None:
    """Return what a trial will take; None from a plugin that does not tell."""
    return plugin.footprint(parameters, data) if isinstance(plugin, MeasuredPlugin) else None
