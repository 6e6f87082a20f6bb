"""Ten thousand tiny trials: the last thousand cost what the first did, and the driver stays small."""

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(3600)]
TRIALS = 10_000


def resident(pid):
    """Return the bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def processor_seconds(pid):
    """Return what a process has used: other work on the machine does not change it."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_ten_thousand_trials(tmp_path, capsys):
    moments, used, sizes = [], [], []
    command = [sys.executable, "-m", "gridwright", "-m", "dataset=iris", "model=numpy-mlp"]
    command += ["model.epoch=1", f"seed=range(0,{TRIALS})", "forecast=false"]
    with (
        (tmp_path / "out.txt").open("w") as out,
        subprocess.Popen(
            command, cwd=tmp_path, stdout=out, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        # Without a terminal, the sweep prints ten lines while it runs.
        for line in process.stderr:
            if "trials, " in line:
                moments.append(time.perf_counter())
                used.append(processor_seconds(process.pid))
                sizes.append(resident(process.pid))
    ended = time.perf_counter()
    assert process.returncode == 0, (tmp_path / "out.txt").read_text()
    assert len(moments) == 10
    parts = [later - earlier for earlier, later in pairwise(moments)]
    costs = [later - earlier for earlier, later in pairwise(used)]
    with capsys.disabled():
        print(
            f"\n{TRIALS} trials of one epoch, seconds for each tenth from the second on: "
            f"{' '.join(f'{part:.1f}' for part in parts)}; ratio of the last to the first of them "
            f"{parts[-1] / parts[0]:.2f}\nCPU seconds of the driver meanwhile: "
            f"{' '.join(f'{cost:.1f}' for cost in costs)}; ratio {costs[-1] / costs[0]:.2f}; from the last trial to the end {ended - moments[-1]:.1f}"
            f"\nthe driver grew by {(sizes[-1] - sizes[0]) / 1e6:.0f} MB between them"
        )
