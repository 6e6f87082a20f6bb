"""plugins/DATASETS.md: what it says of the suite is so, and its commands work; test_guides.py has its listings."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gridwright.testing import DatasetConformance

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "tests" / "example_dataset"
GUIDE = (ROOT / "plugins" / "DATASETS.md").read_text()


def test_the_guide_names_every_attribute_of_the_suite_with_its_default():
    section = GUIDE.partition("## 4.")[2]
    names = [name for name in DatasetConformance.__annotations__ if not name.startswith("_")]
    for name in names:
        row = re.search(rf"^\| `{name}` \| (.*?) \|", section, re.MULTILINE)
        assert row, name
        if hasattr(DatasetConformance, name):
            default = repr(getattr(DatasetConformance, name)).replace("'", '"')
            assert row[1].strip("`") == default
        else:
            assert row[1] == "required"


def run(folder, installed, *words):
    return subprocess.run(
        [sys.executable, "-m", *words],
        env=os.environ | {"PYTHONPATH": str(installed)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_an_installed_data_set_is_in_the_help(installed_dataset, tmp_path):
    done = run(tmp_path, installed_dataset, "gridwright", "--help")
    assert done.returncode == 0
    assert re.search(r"^  spirals +Points on intertwined spirals", done.stdout, re.MULTILINE)


def test_a_bad_value_is_answered_as_the_guide_says(installed_dataset, tmp_path):
    done = run(tmp_path, installed_dataset, "gridwright", "dataset=spirals", "dataset.arms=1")
    assert done.returncode == 2
    sentence = "dataset.arms must be a whole number of at least 2, not 1"
    assert sentence in done.stderr
    assert sentence in GUIDE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_its_conformance_suite_passes(installed_dataset, tmp_path):
    suite = EXAMPLE / "tests" / "test_conformance.py"
    done = run(tmp_path, installed_dataset, "pytest", "-q", "-p", "no:cacheprovider", suite)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.slow
def test_it_trains_and_is_recorded(installed_dataset, tmp_path):
    words = ["gridwright", "dataset=spirals", "dataset.samples=90", "model=sklearn/decision_tree"]
    done = run(tmp_path, installed_dataset, *words)
    assert done.returncode == 0, done.stderr
    assert "validation_score" in done.stdout
