"""From command to finished, tracked grid, against scikit-learn's untracked grid search."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(1800)]
PEER = Path(__file__).with_name("sklearn_iris_grid.py")


def seconds(command, cwd):
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    return elapsed, done.stdout


def test_tracked_iris_grid_against_untracked_sklearn(tmp_path, capsys):
    ours, printed = seconds(
        [sys.executable, "-m", "gridwright", "-m", "experiment=paper/iris"], tmp_path
    )
    assert "540" in printed
    theirs, printed = seconds([sys.executable, str(PEER)], tmp_path)
    assert printed.startswith("540 ")
    with capsys.disabled():
        print(
            f"\n540-trial Iris grid, cold start to report: gridwright (tracked) {ours:.1f} s, "
            f"scikit-learn GridSearchCV (untracked) {theirs:.1f} s, ratio {ours / theirs:.2f}"
        )


def test_help_against_importing_hydra(capsys):
    def best(command):
        times = []
        for _ in range(7):
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            times.append(time.perf_counter() - started)
        return min(times)

    ours = best([sys.executable, "-m", "gridwright", "--help"])
    theirs = best([sys.executable, "-c", "import hydra"])
    with capsys.disabled():
        print(
            f"\ngridwright --help {ours:.3f} s, an empty `import hydra` {theirs:.3f} s, "
            f"ratio {ours / theirs:.2f}"
        )
