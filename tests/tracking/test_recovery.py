"""Death between any two steps of writing a run: the next process completes it, doubles nothing."""

import subprocess
import sys

import pytest

from gridwright.contract import HISTORIES
from gridwright.tracking import TrackingSession

STEPS = ("create_run", "log_artifacts", "log_batch", "log_inputs", "set_terminated")


class Death(BaseException):
    """Stands for the end of the process: nothing may catch it and go on."""


def die_in(client, step, moment):
    """Let `client` die before, in the middle of, or after its next `step`."""
    original = getattr(client, step)

    def deadly(*args, **kwargs):
        if moment == "halfway":
            kwargs["metrics"] = kwargs["metrics"][::2]
            kwargs["params"] = kwargs["params"][:2]
        if moment != "before":
            original(*args, **kwargs)
        raise Death

    setattr(client, step, deadly)


@pytest.mark.parametrize(
    ("step", "moment"),
    [
        *((step, moment) for step in STEPS for moment in ("before", "after")),
        ("log_batch", "halfway"),
    ],
)
@pytest.mark.usefixtures("by_client")
def test_a_cut_off_run_is_completed(settings, iris, make_trial, runs, points, step, moment):
    spec, result = make_trial(epochs=30)
    session = TrackingSession.open(settings)
    die_in(session.store.client, step, moment)
    session.submit(spec, result, iris, ("numpy",))
    with pytest.raises(Death):
        session.drain()
    begun = [run.info.run_id for run in runs()]

    with TrackingSession.open(settings) as later:
        found = later.finished()
    if (step, moment) == ("set_terminated", "after"):
        # The run was complete: only the spool file had not gone yet.
        assert found[spec.key].run_id == begun[0]
    (run,) = runs()
    assert [run.info.run_id] == (begun or [run.info.run_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["hidden_layer"] == "[10,10,5]"
    assert len(run.inputs.dataset_inputs) == 1
    for name in HISTORIES:
        assert points(run, name) == list(
            zip(
                range(1, 31), result.epoch_ms.tolist(), result.histories[name].tolist(), strict=True
            )
        )
    assert not list(settings.own_spool.glob("*.trial"))


@pytest.mark.usefixtures("by_client")
def test_a_cut_off_run_without_its_spool_file_is_replaced(settings, iris, make_trial, runs):
    spec, result = make_trial()
    session = TrackingSession.open(settings)
    die_in(session.store.client, "log_batch", "before")
    session.submit(spec, result, iris, ("numpy",))
    with pytest.raises(Death):
        session.drain()
    (file,) = settings.own_spool.glob("*.trial")
    file.unlink()
    (cut_off,) = runs("RUNNING")

    with TrackingSession.open(settings) as later:
        later.submit(spec, result, iris, ("numpy",))
    (run,) = runs()
    assert run.info.status == "FINISHED"
    assert run.info.run_id != cut_off.info.run_id


PROCESS = """
import os, signal, sys
import numpy as np
from dataclasses import replace
from pathlib import Path
from gridwright.datasets import load, split
from gridwright.tracking import TrackingSession, TrackingSettings, spool

folder, source, first, deadly = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
config = {"name": "iris", "limit": None, "test_fraction": 0.2, "validation_fraction": 0.2,
          "split_seed": 0}
iris = split(load(config), config, "validation")
trial = spool.read(source)
settings = TrackingSettings.resolve("sqlite:///mlflow.db", "mlruns", "iris", "spool", folder)
with TrackingSession.open(settings) as session:
    if deadly == "kill":
        session._spooled_runs._embedded = None
    for index in range(first, first + 4):
        key = f"{index:064x}"
        session.submit(replace(trial.spec, key=key, index=index), replace(trial.result, key=key),
                       iris, ("numpy",))
        if deadly == "kill" and index == first + 2:
            log_batch = session.store.client.log_batch
            def kill(*args, **kwargs):
                log_batch(*args, **kwargs)
                os.kill(os.getpid(), signal.SIGKILL)
            session.drain()
            session.store.client.log_batch = kill
"""


@pytest.fixture
def start(settings, iris, make_trial, tmp_path, by_client):
    """Return a function that starts a process which submits four trials."""
    settings.own_spool.mkdir(parents=True)
    session = TrackingSession.open(settings)
    die_in(session.store.client, "create_run", "before")
    session.submit(*make_trial(epochs=300), iris, ("numpy",))
    with pytest.raises(Death):
        session.drain()
    (file,) = settings.own_spool.glob("*.trial")
    source = file.rename(tmp_path / "source")

    def run(folder, first, deadly="live"):
        command = [sys.executable, "-c", PROCESS, str(folder), str(source), str(first), deadly]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    return run


@pytest.mark.slow
def test_a_killed_process_leaves_nothing_half_done(settings, start, runs, points, tmp_path):
    process = start(tmp_path, 0, "kill")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == -9, output.decode()
    assert (len(runs("FINISHED")), len(runs("RUNNING"))) == (3, 1)

    with TrackingSession.open(settings) as session:
        assert session.recovered == 1
    assert len(runs("FINISHED")) == len(runs()) == 4
    assert {len(points(run, name)) for run in runs() for name in HISTORIES} == {300}


@pytest.mark.slow
def test_two_processes_share_one_fresh_store(start, tmp_path):
    from mlflow import MlflowClient

    folder = tmp_path / "fresh"
    folder.mkdir()
    processes = [start(folder, first) for first in (0, 4)]
    outputs = [process.communicate(timeout=240)[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    found = client.search_runs([client.get_experiment_by_name("iris").experiment_id])
    assert sorted(run.info.status for run in found) == ["FINISHED"] * 8
