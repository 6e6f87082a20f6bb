import pytest

from gridwright import plugins
from gridwright.contract import ModelPlugin
from gridwright.errors import ConfigurationError, PluginError


class Entry:
    """As much of importlib.metadata.EntryPoint as the lookup uses."""

    def __init__(self, name, loaded, value="somewhere:plugin"):
        self.name, self.value, self.loaded = name, value, loaded

    def load(self):
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


@pytest.fixture
def installed(monkeypatch):
    def install(*entries):
        monkeypatch.setattr(plugins, "entry_points", lambda group: entries)
        plugins.model_entry_points.cache_clear()
        plugins.load_model_plugin.cache_clear()

    yield install
    plugins.model_entry_points.cache_clear()
    plugins.load_model_plugin.cache_clear()


def test_the_plugins_of_this_repository_are_found_and_keep_the_contract():
    names = ("keras-cnn", "numpy-mlp", "sklearn")
    assert set(names) <= set(plugins.model_plugin_names())
    for name in names:
        assert isinstance(plugins.load_model_plugin(name), ModelPlugin)


def test_models_that_take_samples_larger_than_memory_are_told():
    assert "keras-cnn" in plugins.model_names_in_pieces()
    assert plugins.reads_in_pieces("keras-cnn")
    for name in ("numpy-mlp", "unheard-of", None):
        assert not plugins.reads_in_pieces(name)


def test_a_broken_plugin_is_none_of_the_models_that_read_in_pieces(installed):
    installed(Entry("broken", ImportError("no module named 'torch'")))
    assert plugins.model_names_in_pieces() == []


def test_unknown_name_lists_the_options_and_the_nearest():
    with pytest.raises(ConfigurationError, match=r"did you mean 'numpy-mlp'\?.*keras-cnn"):
        plugins.load_model_plugin("numpy-mpl")


def test_a_plugin_that_does_not_import_is_named(installed):
    installed(Entry("broken", ImportError("no module named 'torch'")))
    with pytest.raises(PluginError, match=r"'broken' cannot be loaded from somewhere.*torch"):
        plugins.load_model_plugin("broken")


def test_a_plugin_without_a_hook_is_told_which(installed):
    installed(Entry("bare", object()))
    with pytest.raises(PluginError, match="lacks name, version, requirements, check, build, load"):
        plugins.load_model_plugin("bare")


def test_two_packages_with_one_name(installed):
    installed(Entry("twin", None, "a:plugin"), Entry("twin", None, "b:plugin"))
    with pytest.raises(PluginError, match="a:plugin and b:plugin"):
        plugins.model_plugin_names()


def test_requirements_are_asked_for_once(monkeypatch):
    asked = []

    class Plugin:
        @property
        def requirements(self):
            asked.append(1)
            return ["numpy==2.0"]

    monkeypatch.setattr(plugins, "load_model_plugin", lambda name: Plugin())
    plugins.model_requirements.cache_clear()
    try:
        assert [plugins.model_requirements("a") for _ in range(3)] == [("numpy==2.0",)] * 3
        assert len(asked) == 1
    finally:
        plugins.model_requirements.cache_clear()
