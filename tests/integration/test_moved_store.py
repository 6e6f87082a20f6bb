"""README's way from an embedded store to a shared server: its own commands, on real runs."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gridwright.experiment import Experiment
from gridwright.grid_run import GridRun

pytestmark = pytest.mark.slow
README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture
def database(postgres):
    """A new database."""
    for program in ("pgloader", "psql"):
        if not shutil.which(program):
            pytest.skip(f"needs {program} (Debian: apt-get install pgloader postgresql)")
    subprocess.run(
        ["psql", postgres, "-c", "CREATE DATABASE moved"], check=True, capture_output=True
    )
    return postgres.replace("/postgres", "/moved")


def commands(database, artifacts):
    """Return README's commands about a shared server, with this database and this folder."""
    section = README.read_text("utf-8").split("## A shared server")[1].split("\n## ")[0]
    text = section.replace("\\\n", " ")
    for theirs, ours in (
        ("postgresql://user@host/gridwright", database),
        ("/srv/artifacts", artifacts),
    ):
        assert theirs in text
        text = text.replace(theirs, str(ours))
    return re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)


def finished(client, name):
    experiment = client.get_experiment_by_name(name)
    runs = client.search_runs([experiment.experiment_id], max_results=100)
    return {run.info.run_id: run for run in runs}


def test_a_store_moves_to_a_server(trained_plan, database, start_server, tmp_path, monkeypatch):
    from mlflow import MlflowClient, pyfunc, set_tracking_uri
    from sklearn.datasets import load_iris

    from gridwright.tracking import TrackingSession, TrackingSettings

    plan, session, config = trained_plan(0.1, 0.2)
    GridRun("gridwright -m", config, plan, session, Experiment.of(config)).run(None)
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    serve, use, *move = commands(database, artifacts)
    assert use.startswith("gridwright")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in move:
        done = subprocess.run(
            ["bash", "-ec", command], cwd=tmp_path, env=os.environ | {"PATH": path}, check=False,
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        assert "ERROR" not in done.stdout, done.stdout
    shutil.rmtree(tmp_path / "mlruns")
    _, *words = shlex.split(serve)
    server = start_server(*words, "--workers", "1")

    before, client = session.store.client, MlflowClient(server.url)
    old, new = finished(before, "iris"), finished(client, "iris")
    assert len(old) == 3
    assert old.keys() == new.keys()
    for run_id, run in new.items():
        assert run.data.to_dictionary() == old[run_id].data.to_dictionary()
        histories = [
            [point.value for point in one.get_metric_history(run_id, "loss")]
            for one in (before, client)
        ]
        assert histories[0] == histories[1]
        assert run.info.artifact_uri.startswith("mlflow-artifacts:/iris/")
        names = {entry.path for entry in client.list_artifacts(run_id)}
        assert names & {"report.html", "model"}

    set_tracking_uri(server.url)
    try:
        model = pyfunc.load_model("models:/iris@champion")
    finally:
        set_tracking_uri(None)
    assert len(model.predict(load_iris(as_frame=True).data[:5])) == 5

    settings = TrackingSettings.resolve(server.url, None, "iris", "spool", tmp_path)
    with TrackingSession.open(settings) as moved:
        assert {spec.key for spec in plan.specs} <= moved.finished().keys()
        # The next ids come after those that have moved.
        assert client.create_experiment("another") not in {"0", "1"}
