"""plugins/README.md: what it prints is what is tested, and its commands work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridwright.testing import ModelPluginConformance
from gridwright.testing.subject import PluginUnderTest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "example_plugin"
GUIDE = (ROOT / "plugins" / "README.md").read_text()
LISTINGS = dict(
    re.findall(r"^\*\*`(\S+)`\*\*\n\n```\w+\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
)
EMPTY = "src/linear_model/conf/__init__.py"


def test_the_guide_lists_five_files():
    assert len(LISTINGS) == 5


@pytest.mark.parametrize("path", LISTINGS)
def test_a_listing_is_the_tested_file_word_for_word(path):
    assert LISTINGS[path] == (EXAMPLE / path).read_text()


def test_the_example_has_no_file_that_the_guide_does_not_name():
    written = {
        path.relative_to(EXAMPLE).as_posix()
        for path in EXAMPLE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert written == {*LISTINGS, EMPTY}
    assert (EXAMPLE / EMPTY).read_text() == ""
    assert EMPTY in GUIDE


def test_the_guide_names_every_attribute_of_the_suite_with_its_default():
    section = GUIDE.partition("## 4.")[2]
    for name in PluginUnderTest.__annotations__:
        default = getattr(ModelPluginConformance, name, "required")
        row = re.search(rf"^\| `{name}` \| (.*?) \|", section, re.MULTILINE)
        assert row, name
        shown = {"tasks": "both", "dtype": '`"float64"`', "frameworks": '`("numpy", "sklearn")`'}
        assert row[1].strip() == shown.get(
            name, "required" if default == "required" else f"`{default}`"
        )


def gridwright(folder, installed, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "gridwright", *arguments],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_an_installed_plugin_is_in_the_help(installed_example, tmp_path):
    done = gridwright(tmp_path, installed_example, "--help")
    assert done.returncode == 0
    assert re.search(r"^  linear-model +Linear and softmax regression", done.stdout, re.MULTILINE)


def test_a_bad_value_is_answered_as_the_guide_says(installed_example, tmp_path):
    done = gridwright(
        tmp_path, installed_example, "dataset=iris", "model=linear-model", "model.eta=-1"
    )
    assert done.returncode == 2
    sentence = "model.eta: must be above 0, not -1"
    assert sentence in done.stderr
    assert sentence in GUIDE
    assert list(tmp_path.iterdir()) == []
