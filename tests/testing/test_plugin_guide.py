"""plugins/README.md: what it says of the suite is so, and its commands work; test_guides.py has its listings."""

import os
import re
import subprocess
import sys
from pathlib import Path

from gridwright.testing import ModelPluginConformance
from gridwright.testing.subject import PluginUnderTest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "plugins" / "README.md").read_text()


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
