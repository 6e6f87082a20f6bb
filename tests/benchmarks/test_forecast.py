"""The forecast of a sweep beside what it took, on the paper's grids cut to minutes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "datasets"

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.timeout(3600)]

#: What follows `-m experiment=paper/`, from the quickest plugin to the slowest.
SWEEPS = [
    "iris",
    "iris model.eta=0.005 seed=1,2",
    "iris_eta",
    "statlog experiment.rows=published",
    "statlog_100_epochs experiment.scale=0.5",
    "mnist experiment.rows=published experiment.scale=0.05",
    "fashion_mnist experiment.rows=published experiment.scale=0.05",
    "fashion_cnn_1 experiment.scale=0.02 model.architecture.0.filters=8,16 model.architecture.0.kernel_size=3",
    "fashion_cnn_3_dense_filters experiment.scale=0.02 model.architecture.0.kernel_size=3",
    "cifar10_learning_rate model.epochs=10 experiment.scale=0.02",
]
#: One of them is the last word of every sweep on its forecast.
SENTENCE = re.compile(
    r"^(It took .*? (within|outside of) the forecast of .*|No forecast: .*)$", re.MULTILINE
)


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory):
    """What the users' own command makes of the data sets, once for all sweeps."""
    if not (SHARED / "prepare.py").is_file():
        pytest.skip(f"needs the data sets in {SHARED}")
    folder = tmp_path_factory.mktemp("data")
    subprocess.run([sys.executable, str(SHARED / "prepare.py"), str(folder)], check=True)
    return folder


def test_the_interval_holds_the_truth(data_folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(data_folder))
    monkeypatch.chdir(tmp_path)
    told = []
    for number, sweep in enumerate(SWEEPS):
        # A store of its own: nothing is known of earlier sweeps, and nothing taken over.
        words = [f"experiment=paper/{sweep.split()[0]}", *sweep.split()[1:]]
        done = subprocess.run(
            [sys.executable, "-m", "gridwright", "-m", *words, f"tracking.uri=sqlite:///{number}.db"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found = SENTENCE.search(done.stdout)
        assert found, done.stdout
        told.append(found)
        with capsys.disabled():
            print(f"\n{sweep}: {found.group()}")
    held = [found.group(2) for found in told]
    with capsys.disabled():
        print(
            f"\nthe interval of the forecast held the time of {held.count('within')} of "
            f"{len(held)} sweeps; {held.count(None)} had none"
        )
