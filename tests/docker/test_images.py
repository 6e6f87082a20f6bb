"""No container engine runs in the tests: the Dockerfile is linted, and held to the project's files."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker" / "Dockerfile"
# A line that ends with a backslash goes on.
LINES = FILE.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
STAGES = {}
for line in LINES:
    if match := re.fullmatch(r"FROM (\S+) AS (\S+)", line):
        stage = STAGES.setdefault(match[2], [line])
    elif line and not line.startswith("#") and STAGES:
        stage.append(line)
IMAGES = ("training", "serving", "tracking")
PROJECTS = {path.parent.name: path for path in (ROOT / "plugins").glob("*/pyproject.toml")}


def installed_by(stage):
    """Return what `pip install` is asked for in a stage."""
    words = " ".join(line for line in STAGES[stage] if line.startswith("RUN")).split()
    return [word for word in words if not word.startswith("-") and word not in {"RUN", "&&"}]


def test_the_linter_has_nothing_to_say():
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, FILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_would_say_something(tmp_path):
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python\nRUN cd /tmp && sudo pip install mlflow\n")
    linter = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([linter, bad], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "DL3006" in done.stdout


def test_base_images_are_pinned_slim_ones_of_our_python():
    (default,) = [line for line in LINES if line.startswith("ARG PYTHON=")]
    assert re.fullmatch(r"ARG PYTHON=3\.11\.\d+-slim-\w+", default)
    bases = {lines[0].split()[1] for lines in STAGES.values()}
    assert bases == {"python:${PYTHON}", "sources", "base"}


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_no_privileges_and_says_how_it_is(image):
    assert STAGES[image][0].split()[1] == "base"
    assert [line for line in STAGES["base"] if line.startswith("USER")] == ["USER 10001"]
    assert not [line for line in STAGES[image] if line.startswith("USER")]
    assert len([line for line in STAGES[image] if line.startswith("HEALTHCHECK")]) == 1
    # What built it stays behind: compilers, sources, pip's cache.
    copied = [line for line in STAGES[image] if line.startswith("COPY")]
    assert copied == [f"COPY --from={image}-environment /opt/gridwright /opt/gridwright"]


def test_everything_that_is_copied_is_there_and_nothing_else_is_sent():
    copied = {
        name
        for line in LINES
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    for name in copied:
        assert (ROOT / name).exists(), name
    ignore = (ROOT / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert next(line for line in ignore if not line.startswith("#")) == "*"
    assert {line[1:] for line in ignore if line.startswith("!")} == copied


@pytest.mark.parametrize("image", IMAGES)
def test_what_is_installed_is_pinned_and_compiled(image):
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    names = [
        canonicalize_name(word)
        for word in installed_by(f"{image}-environment")
        if word not in {"pip", "install", "."} and not word.startswith("./")
    ]
    assert set(names) <= pinned
    assert any(line.startswith("ENV PIP_CONSTRAINT=") for line in STAGES["sources"])
    for line in STAGES[f"{image}-environment"]:
        assert line.count("pip install") == line.count("--compile")


@pytest.mark.parametrize("image", ["training", "serving"])
def test_every_plugin_is_installed(image):
    assert {f"./plugins/{name}" for name in PROJECTS} | {"."} <= set(
        installed_by(f"{image}-environment")
    )


def test_the_serving_image_has_what_the_plugins_need():
    names = {canonicalize_name(word) for word in installed_by("serving-environment")}
    for path in PROJECTS.values():
        for line in tomllib.loads(path.read_text())["project"]["dependencies"]:
            needed = canonicalize_name(Requirement(line).name)
            assert needed in names | {"gridwright"}, f"{path.parent.name}: {needed}"


def with_dependencies(names):
    """Return the distributions, and all that they need, as they are installed here."""
    found, waiting = set(), [canonicalize_name(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # for another platform
            continue
        found.add(name)
        requirements = [Requirement(line) for line in needed]
        waiting += [
            canonicalize_name(one.name)
            for one in requirements
            if one.marker is None or one.marker.evaluate({"extra": ""})
        ]
    return found


LOAD = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1:]:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Absent())
from mlflow.pyfunc import scoring_server
import gridwright.tracking.served_model, gridwright.tracking.scoring_server
from gridwright.plugins import load_model_plugin, model_plugin_names
for name in model_plugin_names():
    load_model_plugin(name)
import gridwright_sklearn.model_files, keras_cnn.model_files, numpy_mlp.model_files
"""


@pytest.mark.slow
def test_a_model_is_served_without_what_the_serving_image_leaves_out():
    there = with_dependencies(
        [word for word in installed_by("serving-environment") if "/" not in word and word != "."]
    )
    absent = {
        module
        for module, distributions in metadata.packages_distributions().items()
        if not {canonicalize_name(name) for name in distributions} & there
        and not module.startswith(
            ("gridwright", "numpy_mlp", "keras_cnn", "__editable__", "_virtualenv")
        )
    }
    assert {"ray", "hydra", "omegaconf"} <= absent
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *sorted(absent)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
