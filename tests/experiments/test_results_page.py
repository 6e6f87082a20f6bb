"""The paper's page of results says what its file says, and leaves no experiment out."""

import json
import re
from pathlib import Path

import pytest

from gridwright.results import findings, page

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "conf" / "experiment" / "paper"
RESULTS = json.loads((FOLDER / "results.json").read_text(encoding="utf-8"))


def test_the_page_agrees_with_the_file():
    written = (FOLDER / "README.md").read_text(encoding="utf-8")
    made = page((FOLDER / "README.jinja").read_text(encoding="utf-8"), RESULTS)
    assert written == made, "type: python -m gridwright.results conf/experiment/paper"


def test_every_experiment_is_in_the_file_and_on_the_page():
    names = {file.stem for file in FOLDER.glob("*.yaml")}
    assert names == set(RESULTS["experiments"])
    template = (FOLDER / "README.jinja").read_text(encoding="utf-8")
    for name in names:
        assert f'table("{name}")' in template
        assert f'commands("{name}")' in template


def test_the_findings_of_the_file_are_those_that_are_stated():
    stated = findings.read(FOLDER)
    assert [(one.says, one.source) for one in stated] == [
        (one["says"], one["source"]) for one in RESULTS["findings"]
    ]
    for one in stated:
        for comparison in one.comparisons:
            assert comparison.of["experiment"] in RESULTS["experiments"]
            assert comparison.than["experiment"] in RESULTS["experiments"]


@pytest.mark.parametrize("name", sorted(RESULTS["experiments"]))
def test_a_result_has_its_command_and_its_version(name):
    for sweep in RESULTS["experiments"][name]["sweeps"]:
        assert sweep["command"].startswith(f"gridwright -m experiment=paper/{name}")
        assert re.fullmatch("[0-9a-f]{40}", sweep["commit"]), "run it from a committed tree"
        assert sweep["versions"]["gridwright"]


def test_a_row_that_has_not_run_has_no_number():
    for one in RESULTS["experiments"].values():
        for row in one["rows"]:
            for figure in row["figures"].values():
                assert (figure["obtained"] is None) == (row["data"] is None)
