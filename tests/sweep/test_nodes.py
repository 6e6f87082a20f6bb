"""A sweep on two nodes of one core each, and what happens when one of them is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SCRIPT = Path(__file__).with_name("two_nodes.py")


def run(*arguments):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_lost_node_loses_no_trial():
    told = run(2, 16, 0.3, "kill")
    assert told["keys"] == [f"{index:064x}" for index in range(16)]
    assert told["failures"] == []
    assert len(set(told["where"])) == 2
    # Every node is asked, and the one that lacks a plugin is named.
    assert told["lacking"].count("lacks the plugin stand-in") == 2
    assert told["lacking"].endswith("install the same versions on every node of the cluster")
