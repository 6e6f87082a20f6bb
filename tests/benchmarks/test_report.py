"""The report of a sweep of 10,000 runs: its time and its memory, in a process of its own."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys, time
import numpy as np
from pathlib import Path
from gridwright.tracking import SweepRecord, TrackingSession, TrackingSettings, log_report
from gridwright.tracking.records import FinishedRun
from gridwright.contract import Failure

settings = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", Path(sys.argv[1]))
generator = np.random.default_rng(0)
runs = []
for index in range(10_000):
    failure = Failure("diverged", "the loss is inf", 3) if index % 50 == 0 else None
    score = float(generator.random())
    metrics = {} if failure else {
        "validation_score": score, "validation_loss": 1 - score, "test_score": score,
        "test_loss": 1 - score, "train_score": score, "train_loss": 0.1, "epochs_run": 300.0,
        "fit_seconds": float(generator.random()),
    }
    parameters = {
        "hidden_layer": f"[{index % 10 + 1}]", "eta": str(0.01 * (index // 10 % 20)),
        "activation": "ReLU", "alpha": str(index // 200 % 10), "seed": str(index // 2000),
        **{f"fixed_{place}": "1" for place in range(8)},
    }
    runs.append(FinishedRun(
        f"{index:032x}", f"{index:064x}", "FAILED" if failure else "FINISHED", metrics, parameters,
        "iris", "iris-0", "d", "numpy-mlp", "validation", failure=failure,
    ))
sweep = SweepRecord("k", "large", "gridwright -m", ("iris",), len(runs), "validation", {})
with TrackingSession.open(settings) as session:
    parent = session.start_sweep(sweep)
    started, used = time.perf_counter(), time.process_time()
    log_report(session.store, parent, sweep, runs)
    seconds, processor = time.perf_counter() - started, time.process_time() - used
print(seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.slow
@pytest.mark.benchmark
def test_report_of_10000_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True
    )
    seconds, processor, megabytes = map(float, done.stdout.split()[-3:])
    print(
        f"\nreport of 10,000 runs on {os.cpu_count()} cores: {seconds:.1f} s (goal: 30), "
        f"{processor:.1f} s of a processor, the whole process {megabytes:.0f} MB at most (goal: 500)"
    )
    assert megabytes < 500
    page = next(tmp_path.rglob("report.html"))
    assert page.stat().st_size < 3_000_000
