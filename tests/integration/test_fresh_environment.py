"""Wheels, built and installed into a new environment: the platform, and a plugin of someone else.

What both depend on (Ray, MLflow, scikit-learn, ...) is not installed again: the new environment
looks for it in this one. Nothing of this repository's sources is on its path.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def run(*command, cwd=None, status=0):
    # Without what would lead back to this checkout, or to another interpreter.
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """The folder of the two wheels, as `pip wheel` makes them from the sources alone."""
    sources = tmp_path_factory.mktemp("sources")
    platform = sources / "platform_sources"
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        platform.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, platform / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("platform", "conf"):
        shutil.copytree(ROOT / name, platform / name, ignore=ignored)
    plugin = shutil.copytree(ROOT / "tests" / "example_plugin", sources / "plugin", ignore=ignored)
    built = tmp_path_factory.mktemp("wheels")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    run(*build, "--no-build-isolation", "--wheel-dir", built, platform, plugin)
    return built


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory):
    """The bin folder of an environment in which nothing but the wheels is installed."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=True, symlinks=True)
    python = place / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run(*install, *sorted(wheels.glob("*.whl")))
    (packages,) = place.glob("lib/python3*/site-packages")
    # Only adds the folder to the path: editable installs of this environment stay inactive.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def test_both_come_from_their_wheels(environment):
    code = "import gridwright, linear_model; print(gridwright.__file__, linear_model.__file__)"
    places = run(environment / "python", "-c", code).stdout.split()
    assert all(Path(place).is_relative_to(environment.parent) for place in places), places


def test_the_plugin_is_in_the_help(environment, tmp_path):
    done = run(environment / "gridwright", "--help", cwd=tmp_path)
    assert "  linear-model" in done.stdout
    assert "Linear and softmax regression" in done.stdout


def test_the_plugin_is_swept_to_a_champion_that_answers(environment, tmp_path):
    grid = ["dataset=iris", "model=linear-model", "model.eta=0.2,0.05", "model.epochs=20"]
    done = run(environment / "gridwright", "-m", *grid, cwd=tmp_path)
    assert "2 trials of linear-model on iris" in done.stdout
    assert "models:/iris@champion" in done.stdout
    ask = (
        "from mlflow import pyfunc, set_tracking_uri; from sklearn.datasets import load_iris;"
        f"set_tracking_uri('sqlite:///{tmp_path / 'mlflow.db'}');"
        "model = pyfunc.load_model('models:/iris@champion');"
        "print(*sorted(set(model.predict(load_iris(as_frame=True).data))))"
    )
    answer = run(environment / "python", "-c", ask, cwd=tmp_path)
    assert answer.stdout.split() == ["setosa", "versicolor", "virginica"]
