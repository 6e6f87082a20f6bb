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
    # Every node is asked, and the one that lacks a plugin, or has another version, is named.
    nowhere, lacking, differing = told["refusals"]
    assert nowhere.count("lacks the plugin stand-in") == 2
    assert lacking.count("node 1") == lacking.count("lacks the plugin sklearn") == 1
    assert differing.count("node 1") == 1 == differing.count("has version 9.9 of the plugin numpy")
    for sentence in told["refusals"]:
        assert sentence.endswith(": install the same versions on every node of the cluster")
    # A folder is asked for, too, where the trials of several nodes go on from each other's files.
    unreachable, shared = told["folders"]
    assert unreachable.count("does not reach the folder /proc/self/fd/") == 2
    assert "set tracking.spool to a folder that all nodes share" in unreachable
    assert shared == ""
