import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gridwright.plugins import load_model_plugin, model_entry_points

EXAMPLES = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def installed_example(tmp_path_factory):
    """The folder into which pip installed the example plugin, and nothing else."""
    return installed(EXAMPLES / "example_plugin", tmp_path_factory)


@pytest.fixture(scope="session")
def installed_dataset(tmp_path_factory):
    """The folder into which pip installed the example data set, and nothing else."""
    return installed(EXAMPLES / "example_dataset", tmp_path_factory)


def installed(example, tmp_path_factory):
    # A build leaves files beside the sources, so it gets a copy of them.
    sources = tmp_path_factory.mktemp(example.name) / "sources"
    shutil.copytree(example, sources)
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    command += ["--no-build-isolation", "--target", target, sources]
    subprocess.run(command, check=True, timeout=300)
    return target


@pytest.fixture
def example_plugin(installed_example, monkeypatch):
    """The example plugin, installed for one test and the processes that it starts."""
    monkeypatch.syspath_prepend(installed_example)
    monkeypatch.setenv("PYTHONPATH", str(installed_example))
    importlib.invalidate_caches()
    model_entry_points.cache_clear()
    load_model_plugin.cache_clear()
    yield load_model_plugin("linear-model")
    model_entry_points.cache_clear()
    load_model_plugin.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "linear_model"]:
        del sys.modules[name]
