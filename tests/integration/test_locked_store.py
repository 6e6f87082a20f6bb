"""A store that another process has locked during nearly a whole sweep."""

import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow
TRIALS = 16
LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def test_trials_wait_in_the_spool_until_the_store_is_free(forked_folder):
    spool = forked_folder.path / ".gridwright" / "spool"
    process = forked_folder.start(
        "-m", "dataset=iris", "model=numpy-mlp", "model.epoch=60", f"seed=range(0,{TRIALS})",
        "resources.batch=false", "forecast=false",
    )  # fmt: skip
    while not forked_folder.count():  # the sweep's own run
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    with subprocess.Popen(
        [sys.executable, "-c", LOCK, str(forked_folder.path / "mlflow.db")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "locked\n"
        before = len(list(spool.rglob("*.trial")))
        # All that is left is trained all the same, and nothing of it is written.
        while len(list(spool.rglob("*.trial"))) < TRIALS - 2:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        other.stdin.close()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert before < TRIALS - 2
    assert "Traceback" not in err
    (parent,), trials = forked_folder.runs()
    assert (parent.info.status, len(trials)) == ("FINISHED", TRIALS)
    forked_folder.assert_complete(epochs=60)
    assert not list(spool.rglob("*.trial"))
