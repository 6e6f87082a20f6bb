"""Two nodes of one core against one, on trials of two seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "sweep" / "two_nodes.py"


@pytest.mark.slow
@pytest.mark.benchmark
def test_two_nodes_against_one(capsys):
    def seconds(nodes):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(nodes), "32", "2"],
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])["seconds"]

    one, two = seconds(1), seconds(2)
    with capsys.disabled():
        print(
            f"\n32 trials of 2 s: one node of one core {one:.1f} s, two such nodes {two:.1f} s, "
            f"ratio {one / two:.2f}"
        )
