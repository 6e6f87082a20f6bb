"""What is built for others: the wheel holds every configuration, and nothing of this folder."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_wheel_holds_all_modules_and_configurations(tmp_path):
    # A copy, so that building leaves nothing in the source tree.
    source = tmp_path / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "platform", "conf", "pyproject.toml", "README.md", "LICENSE"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("needs a git checkout to tell which files are the project's")
    names = [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]
    for name in names:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*build, "--wheel-dir", tmp_path, source], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is absent from the `packages` configuration" not in done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        name.removeprefix("platform/").replace("conf/", "gridwright/conf/", 1)
        if name.startswith("conf/")
        else name.removeprefix("platform/")
        for name in names
        if name.startswith(("platform/", "conf/"))
    }
    assert held == expected


def test_all_dependencies_are_pinned_without_an_index():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0].lower().replace("_", "-") for line in lines}
    assert all("==" in line and "/" not in line and "@" not in line for line in lines)
    for file in ("", "plugins/numpy-mlp", "plugins/keras-cnn", "plugins/sklearn"):
        project = tomllib.loads((ROOT / file / "pyproject.toml").read_text(encoding="utf-8"))
        needed = project["project"]["dependencies"]
        for extra in project["project"].get("optional-dependencies", {}).values():
            needed += extra
        for requirement in needed:
            name = requirement.split(">")[0].split("[")[0].split("=")[0].split("<")[0].strip()
            assert name == "gridwright" or name.lower() in pinned, requirement
