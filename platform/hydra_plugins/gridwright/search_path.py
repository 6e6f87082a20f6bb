"""Lets an installed plugin bring its `model=<name>` or `dataset=<name>`; imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydra.plugins.search_path_plugin import SearchPathPlugin

if TYPE_CHECKING:
    from hydra.core.config_search_path import ConfigSearchPath


class ModelPluginSearchPath(SearchPathPlugin):
    """Adds `pkg://<package>.conf` for every installed plugin, in our application only."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the packages of the entry points, without importing them."""
        main = [entry for entry in search_path.get_path() if entry.provider == "main"]
        if not main or main[0].path != "pkg://gridwright.conf":
            return
        from gridwright.plugins import configuration_packages

        for package in configuration_packages():
            # Hydra puts the user's --config-dir before the first entry of the provider "schema":
            # a file there takes the place of a plugin's.
            search_path.append(provider="schema", path=f"pkg://{package}.conf")
