"""The paper's experiments: each is checked, forecast, and run small, on the real data."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from gridwright.cli import run_command
from gridwright.forecast import forecasting
from gridwright.forecast.probe import measure

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "datasets"
FILES = sorted((ROOT / "conf" / "experiment" / "paper").glob("*.yaml"))
NAMES = [file.stem for file in FILES]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A working folder, with the first samples of each real data set beside it."""
    if not (SHARED / "prepare.py").is_file():
        pytest.skip(f"needs the data sets in {SHARED}")
    folder = tmp_path_factory.mktemp("paper")
    write_samples(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("GRIDWRIGHT_DATA", str(folder / "data"))
        yield folder


def write_samples(folder):
    """Write a data folder with 600 samples for training and 100 for the test."""
    (folder / "statlog").mkdir(parents=True)
    for name, count in (("sat.trn", 600), ("sat.tst", 100)):
        lines = (SHARED / name).read_text().splitlines(keepends=True)
        (folder / "statlog" / name).write_text("".join(lines[:count]))
    for name in ("mnist", "fashion_mnist"):
        with np.load(SHARED / f"{name}.npz") as arrays:
            train = {key: arrays[key][:600] for key in ("x_train", "y_train")}
            test = {key: arrays[key][:100] for key in ("x_test", "y_test")}
        np.savez(folder / f"{name}.npz", **train, **test)
    with np.load(SHARED / "cifar10_jpeg.npz") as packed:
        jpeg, offsets, labels = packed["jpeg"].tobytes(), packed["offsets"], packed["labels"]
        start = int(packed["n_train"])

    def pictures(first, count):
        ends = zip(offsets[first : first + count], offsets[first + 1 :], strict=False)
        opened = (Image.open(io.BytesIO(jpeg[begin:end])) for begin, end in ends)
        return np.stack([np.asarray(picture.convert("RGB")) for picture in opened])

    np.savez(
        folder / "cifar10.npz",
        x_train=pictures(0, 600), y_train=labels[:600],
        x_test=pictures(start, 100), y_test=labels[start : start + 100],
    )  # fmt: skip


def published(name):
    """Return the command that runs the rows that the paper prints."""
    return ["-m", f"experiment=paper/{name}", "experiment.rows=published"]


def epochs(file):
    """Return the override that makes training short: each plugin has its own name for it."""
    model = yaml.safe_load(file.read_text())["model"]
    return "model.epoch=1" if "epoch" in model else "model.epochs=1"


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_an_experiment_opens_with_its_command_and_claims_scores(file):
    lines = file.read_text().splitlines()
    assert lines[1] == f"# gridwright -m experiment=paper/{file.stem}"
    claims = yaml.safe_load(file.read_text())["claims"]
    assert claims["rows"]
    # The losses that the paper prints are those of saturated networks.
    assert all("loss" not in metric for row in claims["rows"] for metric in row["at_least"])


class ProbeHere:
    """A probe of one cell in this process: TensorFlow is imported once for all experiments.

    A process of its own, which must import it, is asked in the last test.
    """

    def __init__(self, specs, data, n_trials):
        self._found = []
        measure(specs[:1], data, n_trials, self._found.append)

    def results(self, wait):
        return self._found

    def end(self):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_every_published_row_is_valid_and_forecast(name, work, capsys, monkeypatch):
    monkeypatch.setattr(forecasting, "Probe", ProbeHere)
    status = run_command([*published(name), "experiment.scale=0.5", "dry_run=true"])
    shown = capsys.readouterr()
    assert status == 0, shown.err
    text = FILES[NAMES.index(name)].read_text()
    seeds = 5 if "range(0,5)" in text else 1
    rows = len(yaml.safe_load(text)["claims"]["rows"])
    assert shown.out.startswith(f"{rows * seeds} trial"), shown.out
    assert "0.5 of the data" in shown.out
    assert "\nForecast: " in shown.out, shown.out


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_one_trial_runs_at_a_small_scale(file, work, capsys):
    arguments = [f"experiment=paper/{file.stem}", "experiment.scale=0.5", epochs(file)]
    status = run_command(arguments)
    shown = capsys.readouterr()
    assert status == 0, shown.err
    assert "test_score" in shown.out


def test_a_network_of_keras_is_forecast_before_its_first_run(work):
    command = [*published("cifar10_optimizers"), "experiment.scale=0.5", "dry_run=true"]
    done = subprocess.run(
        [sys.executable, "-m", "gridwright", *command],
        capture_output=True, text=True, check=False, cwd=work,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "from a probe of" in done.stdout, done.stdout
