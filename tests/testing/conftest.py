import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gridwright.plugins import load_model_plugin, model_entry_points

EXAMPLE = Path(__file__).resolve().parents[1] / "example_plugin"


@pytest.fixture(scope="session")
def installed_example(tmp_path_factory):
    """The folder into which pip installed the example plugin, and nothing else."""
    # A build leaves files beside the sources, so it gets a copy of them.
    sources = tmp_path_factory.mktemp("example") / "sources"
    shutil.copytree(EXAMPLE, sources)
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
