"""A sweep of networks that is killed within an epoch goes on from the last one."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
TRIALS, EPOCHS = 6, 8
COMMAND = [
    "-m",
    "dataset=iris",
    "model=keras-cnn",
    "model.architecture=[{layer:Conv1D,filters:4,kernel_size:2,activation:relu},{layer:Flatten}]",
    f"model.epochs={EPOCHS}",
    "model.batch_size=1",
    "resources.checkpoint_seconds=0",
    f"seed=range(0,{TRIALS})",
]


def progress(folder):
    """Return what the checkpoints say, by trial key."""
    found = {}
    for path in sorted(
        (folder.path / ".gridwright" / "spool").glob("*/checkpoints/*/[0-9]*/progress.json")
    ):
        if path.parent.name.isdecimal():
            try:
                found[path.parts[-3]] = json.loads(path.read_text())
            except FileNotFoundError:  # the next epoch has just taken its place
                continue
    return found


def wait_for(process, folder, enough):
    while not enough(progress(folder)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def test_a_sweep_killed_within_an_epoch_goes_on_from_the_last_one(new_folder):
    process = new_folder.start(*COMMAND)
    wait_for(
        process,
        new_folder,
        lambda found: any(len(each["records"]) >= 2 for each in found.values()),
    )
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    time.sleep(2)  # workers of a dead driver end by themselves
    interrupted = progress(new_folder)
    assert interrupted

    out, _ = new_folder.run(*COMMAND)
    assert f"{TRIALS} trials of keras-cnn on iris" in out
    _, trials = new_folder.runs()
    assert len(trials) == TRIALS
    assert {run.info.status for run in trials} == {"FINISHED"}
    new_folder.assert_complete(epochs=EPOCHS)

    by_key = {run.data.tags["gridwright.trial_key"]: run for run in trials}
    assert any(1 <= len(each["records"]) < EPOCHS for each in interrupted.values())
    for key, before in interrupted.items():
        run, n_before = by_key[key], len(before["records"])
        assert run.data.metrics["resumed_epoch"] == n_before
        points = new_folder.client.get_metric_history(run.info.run_id, "loss")[:n_before]
        assert [(point.value, point.timestamp) for point in points] == [
            (record["loss"], moment)
            for record, moment in zip(before["records"], before["epoch_ms"], strict=True)
        ]
    others = [run for key, run in by_key.items() if key not in interrupted]
    assert not [run for run in others if "resumed_epoch" in run.data.metrics]
    assert not progress(new_folder)


def workers_of(driver):
    """Return the processes that train for a driver: Ray names them, Linux tells the ancestors."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            title = (entry / "cmdline").read_bytes()
            if entry.name.isdecimal() and title.startswith(b"ray::") and driver in ancestors(entry):
                found.append(int(entry.name))
        except OSError:  # it has ended
            continue
    return found


def ancestors(entry):
    while entry.name != "0":
        # The name in parentheses may hold spaces; the parent is the second field after it.
        parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        yield int(parent)
        entry = entry.parent / parent


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_trial_goes_on_after_its_worker_was_killed(new_folder):
    process = new_folder.start(*COMMAND[:-1], "seed=range(0,2)")
    wait_for(process, new_folder, bool)
    workers = workers_of(process.pid)
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    _, trials = new_folder.runs()
    assert {run.info.status for run in trials} == {"FINISHED"}
    new_folder.assert_complete(epochs=EPOCHS)
    assert any(run.data.metrics.get("resumed_epoch", 0) >= 1 for run in trials)
