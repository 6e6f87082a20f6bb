"""SIGKILL of the driver at twenty random moments of a sweep, the same command after each."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
KILLS, AT_START, TRIALS, EPOCHS = 20, 6, 100, 60
COMMAND = [
    "-m",
    "dataset=iris",
    "model=numpy-mlp",
    f"model.epoch={EPOCHS}",
    "model.batch_size=16",
    "forecast=false",
    f"seed=range(0,{TRIALS})",
    # Each kill is to find trials under way: together, sixteen would be finished at once.
    "resources.batch=false",
]
# What takes long to import is imported once; every command is a process of its own all the same.
FORKS = """
import os, sys
import mlflow, mlflow.pyfunc, ray.tune, sklearn.metrics, hydra
import gridwright.tracking.session, gridwright.tracking.report, gridwright.sweep.ray_tune
from gridwright.cli import run_command
import numpy_mlp.estimators

for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        sys.stdout = sys.stderr = open("output.txt", "a")
        os._exit(run_command(line.split()))
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


def finished(database):
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (count,) = connection.execute(
            "select count(*) from runs where status = 'FINISHED'"
        ).fetchone()
    return count


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_twenty_kills_lose_nothing_and_double_nothing(new_folder):
    draw = random.Random(20)
    database = new_folder.path / "mlflow.db"
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", FORKS],
        cwd=new_folder.path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as forks:

        def command():
            forks.stdin.write(" ".join(COMMAND) + "\n")
            return int(forks.stdout.readline())

        seen = []
        for kill in range(KILLS):
            pid, before = command(), finished(database)
            if kill < AT_START:
                # While the store is made or opened, and while Ray starts.
                time.sleep(draw.uniform(0, 4))
            else:
                # In the middle of the trials, wherever the machine is then.
                wanted = before + draw.randrange(5)
                while finished(database) < wanted and alive(pid):
                    time.sleep(0.01)
                time.sleep(draw.uniform(0, 0.2))
            os.kill(pid, signal.SIGKILL)
            assert int(forks.stdout.readline()) == -signal.SIGKILL
            seen.append(finished(database))
        assert seen == sorted(seen)
        assert seen[-1] < TRIALS
        command()
        status = int(forks.stdout.readline())
        forks.stdin.close()
    output = (new_folder.path / "output.txt").read_text()
    assert status == 0, output
    assert "Traceback" not in output
    parents, trials = new_folder.runs()
    assert [run.info.status for run in parents] == ["FINISHED"]
    assert len(trials) == TRIALS
    assert {run.info.status for run in trials} == {"FINISHED"}
    new_folder.assert_complete(EPOCHS)
    # One folder of artifacts a run, and the sweep's own.
    assert len(list((new_folder.path / "mlruns/iris").iterdir())) == TRIALS + 1
    assert not list((new_folder.path / ".gridwright/spool").rglob("*.trial"))
