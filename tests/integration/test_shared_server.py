"""A shared server: PostgreSQL behind `mlflow server`, with its artifacts, and its bad days."""

import time

import pytest

from gridwright.tracking import TrackingSettings, read_sweeps

pytestmark = pytest.mark.slow
TRIALS = 24


@pytest.fixture
def shared(new_folder, tracking_server):
    """A working folder whose runs go to the server."""
    new_folder.uri = tracking_server.url
    return new_folder


def finished(folder, experiment):
    client = folder.client
    found = client.get_experiment_by_name(experiment)
    if found is None:
        return []
    return client.search_runs([found.experiment_id], "attributes.status = 'FINISHED'")


def test_a_sweep_outlives_its_server(shared, tracking_server):
    """Killed in the middle and started again: the same command, no second run of anything."""
    process = shared.start(
        "-m", "dataset=iris", "model=numpy-mlp", "model.epoch=100", "model.batch_size=4",
        f"seed=range(0,{TRIALS})", "tracking=server", f"tracking.uri={tracking_server.url}",
        "tracking.experiment_name=outlived", "forecast=false",
    )  # fmt: skip
    while len(finished(shared, "outlived")) < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.2)
    tracking_server.kill()
    tracking_server.start().wait()
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    assert "Traceback" not in err
    client = shared.client
    experiment = client.get_experiment_by_name("outlived")
    assert experiment.artifact_location.startswith("mlflow-artifacts:")
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    trials = [run for run in runs if "gridwright.trial_key" in run.data.tags]
    assert len(trials) == len({run.data.tags["gridwright.trial_key"] for run in trials}) == TRIALS
    assert {run.info.status for run in runs} == {"FINISHED"}
    for run in trials:
        points = client.get_metric_history(run.info.run_id, "val_loss")
        assert [point.step for point in points] == list(range(1, 101))
    (parent,) = [run for run in runs if run not in trials]
    held = {entry.path for entry in client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "leaderboard.csv", "figures"} <= held
    assert client.get_model_version_by_alias("iris", "champion").run_id in {
        run.info.run_id for run in trials
    }
    assert not list((shared.path / ".gridwright").rglob("*.trial"))
    # The server keeps the files: what reads sweeps back gets them from it.
    settings = TrackingSettings.resolve(tracking_server.url, None, "", ".")
    (sweep,) = read_sweeps(settings, "tracking.experiment_name=outlived")
    assert {trial.run_id for trial in sweep.trials} == {run.info.run_id for run in trials}
    assert {trial.config["model"]["epoch"] for trial in sweep.trials} == {100}
    assert "numpy" in sweep.versions


def test_a_password_in_the_address_is_shown_nowhere(shared, tracking_server):
    secret = "h0ney-badger"
    uri = tracking_server.url.replace("://", f"://somebody:{secret}@")
    common = ["dataset=iris", "model=numpy-mlp", "model.epoch=2", "tracking=server",
              f"tracking.uri={uri}", "tracking.experiment_name=quiet", "forecast=false"]  # fmt: skip
    printed = [*shared.run("-m", *common, "seed=1,2"), *shared.run(*common, "seed=3")]
    printed += shared.run(*common, "rerun=nothing", status=2)
    client = shared.client
    experiment = client.get_experiment_by_name("quiet")
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    assert len(runs) == 4
    for run in runs:
        assert "tracking.uri=http" in run.data.tags["gridwright.command"]
        printed += [*run.data.tags.values(), *run.data.params.values()]
        path = client.download_artifacts(run.info.run_id, "", str(shared.path / run.info.run_id))
        assert path
    for version in client.search_model_versions("name = 'iris'"):
        printed += [*version.tags.values(), str(version.description)]
    assert not [text for text in printed if secret in text]
    files = [file for file in shared.path.rglob("*") if file.is_file()]
    assert any(file.name == "report.html" for file in files)
    assert not [file for file in files if secret.encode() in file.read_bytes()]


def test_an_address_that_nobody_answers_is_a_sentence(new_folder):
    _, err = new_folder.run(
        "dataset=iris", "model=numpy-mlp", "tracking=server",
        "tracking.uri=http://somebody:h0ney@127.0.0.1:9", status=2,
        MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
    )  # fmt: skip
    assert "at http://127.0.0.1:9" in err
    assert "h0ney" not in err
