"""The plugin as an installed package: entry point, imports, configuration."""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

from gridwright.contract import ModelPlugin
from gridwright.testing.imports import imported_by
from gridwright.testing.subject import PluginUnderTest


class PackageConformance(PluginUnderTest):
    """Installing the package is all it takes, and importing it is cheap."""

    def test_the_entry_point_gives_a_whole_plugin(self, plugin: ModelPlugin) -> None:
        assert isinstance(plugin, ModelPlugin)
        assert plugin.name == self.plugin_name
        assert isinstance(plugin.version, str)
        assert plugin.version

    def test_its_requirements_are_pinned(self, plugin: ModelPlugin) -> None:
        assert plugin.requirements, "a served model needs at least the plugin's own package"
        unpinned = [line for line in plugin.requirements if "==" not in line]
        assert not unpinned, "write name==version, of the installed version"

    def test_loading_it_imports_no_framework(self) -> None:
        imported = imported_by(f"load_model_plugin({self.plugin_name!r})", self.frameworks)
        assert not imported, "import these inside functions, or in another module"

    def test_its_configuration_is_in_the_package(self) -> None:
        assert self.shipped_configuration()["name"] == self.plugin_name

    def test_its_configuration_composes(self) -> None:
        from hydra import compose, initialize_config_module

        from gridwright.schema import register

        register()
        with initialize_config_module("gridwright.conf", version_base="1.3"):
            config = compose("config", overrides=[f"model={self.plugin_name}"])
        assert config.model == self.shipped_configuration()
