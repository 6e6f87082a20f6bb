"""From command to finished, tracked grid, against scikit-learn's untracked grid search."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(1800)]
HERE = Path(__file__).parent
PEER = HERE / "sklearn_iris_grid.py"


def seconds(command, cwd):
    started = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - started
    assert done.returncode == 0, done.stderr
    return elapsed, done.stdout


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """Seconds of the paper's Iris grid, from the command to its end; it runs once for all peers."""
    elapsed, printed = seconds(
        [sys.executable, "-m", "gridwright", "-m", "experiment=paper/iris"],
        tmp_path_factory.mktemp("ours"),
    )
    assert "540" in printed
    return elapsed


def test_tracked_iris_grid_against_untracked_sklearn(ours, tmp_path, capsys):
    theirs, printed = seconds([sys.executable, str(PEER)], tmp_path)
    assert printed.startswith("540 ")
    with capsys.disabled():
        print(
            f"\n540-trial Iris grid, cold start to report: gridwright (tracked) {ours:.1f} s, "
            f"scikit-learn GridSearchCV (untracked) {theirs:.1f} s, ratio {ours / theirs:.2f}"
        )


def test_a_trial_against_what_people_glue_together(ours, tmp_path, capsys):
    """Seconds of the clock a trial: the whole grid of ours with its start, their trials alone."""
    store = f"sqlite:///{tmp_path}/tune.db"
    _, printed = seconds([sys.executable, str(HERE / "ray_tune_mlflow_iris.py"), store], tmp_path)
    finished, tune = map(float, printed.split()[-2:])
    assert finished == 4
    sweep = ["-m", "hydra/launcher=joblib", "hydra.launcher.n_jobs=-1", f"folder={tmp_path}"]
    sweep += ["batch_size=16,64", "eta=0.01,0.001"]
    # Once before: two processes that open a new store together crash.
    seconds(
        [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{tmp_path}/mlflow.db"],
        tmp_path,
    )
    seconds([sys.executable, str(HERE / "joblib_mlflow_iris.py"), *sweep], tmp_path)
    begun = [float(line) for line in (tmp_path / "begun.txt").read_text().split()]
    assert len(begun) == 4
    joblib = time.time() - min(begun)
    each = {"Ray Tune with its MLflow callback": tune / 4, "joblib launcher": joblib / 4}
    with capsys.disabled():
        for peer, their_seconds in each.items():
            print(
                f"\na trial of the Iris grid: {peer} {their_seconds:.1f} s, gridwright "
                f"{ours / 540:.2f} s, ratio {their_seconds / (ours / 540):.0f}"
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
