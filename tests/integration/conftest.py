"""The command itself, run as a user runs it, in a folder of its own."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "datasets"


class Folder:
    """A working folder: what is typed there, and what MLflow holds of it."""

    def __init__(self, path):
        self.path = path

    def start(self, *arguments, **environment):
        return subprocess.Popen(
            [sys.executable, "-m", "gridwright", *arguments],
            cwd=self.path,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, status=0, **environment):
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert process.returncode == status, out + err
        assert "Traceback" not in err
        return out, err

    @property
    def client(self):
        from mlflow import MlflowClient

        return MlflowClient(f"sqlite:///{self.path / 'mlflow.db'}")

    def runs(self):
        """Return (sweeps, trials), oldest first."""
        client = self.client
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(
            experiments, max_results=1000, order_by=["attributes.start_time ASC"]
        )
        trials = [run for run in runs if "gridwright.trial_key" in run.data.tags]
        return [run for run in runs if run not in trials], trials

    def assert_complete(self, epochs):
        """Every trial has ended, once, and a finished one has all points of its histories."""
        _, trials = self.runs()
        keys = Counter(run.data.tags["gridwright.trial_key"] for run in trials)
        assert set(keys.values()) == {1}
        client = self.client
        for run in trials:
            assert run.info.status in {"FINISHED", "FAILED"}
            if run.info.status == "FINISHED":
                for name in ("loss", "score", "val_loss", "val_score"):
                    points = client.get_metric_history(run.info.run_id, name)
                    assert [point.step for point in points] == list(range(1, epochs + 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Folder(tmp_path_factory.mktemp("work"))


@pytest.fixture
def new_folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """A data folder with mnist in it."""
    if not (SHARED / "mnist.npz").exists():
        pytest.skip(f"needs mnist.npz in {SHARED}")
    path = tmp_path_factory.mktemp("data")
    (path / "mnist.npz").symlink_to(SHARED / "mnist.npz")
    return path
