"""A sweep of networks that is killed within an epoch goes on from the last one."""

import json
import signal
import time

import pytest

pytestmark = pytest.mark.slow
TRIALS, EPOCHS = 6, 200
COMMAND = [
    "-m", "dataset=iris", "model=numpy-mlp", f"model.epoch={EPOCHS}", "model.batch_size=1",
    "resources.checkpoint_seconds=0", "resources.batch=false", "forecast=false",
    f"seed=range(0,{TRIALS})",
]  # fmt: skip


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


def test_a_sweep_killed_within_an_epoch_goes_on_from_the_last_one(forked_folder):
    process = forked_folder.start(*COMMAND)
    wait_for(
        process,
        forked_folder,
        lambda found: any(len(each["records"]) >= 2 for each in found.values()),
    )
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    interrupted = progress(forked_folder)
    assert interrupted

    out, _ = forked_folder.run(*COMMAND)
    assert f"{TRIALS} trials of numpy-mlp on iris" in out
    _, trials = forked_folder.runs()
    assert len(trials) == TRIALS
    assert {run.info.status for run in trials} == {"FINISHED"}
    forked_folder.assert_complete(epochs=EPOCHS)

    by_key = {run.data.tags["gridwright.trial_key"]: run for run in trials}
    assert any(1 <= len(each["records"]) < EPOCHS for each in interrupted.values())
    for key, before in interrupted.items():
        run, n_before = by_key[key], len(before["records"])
        # Workers of a dead driver may have gone on for a moment.
        assert run.data.metrics["resumed_epoch"] >= n_before
        points = forked_folder.client.get_metric_history(run.info.run_id, "loss")[:n_before]
        assert [(point.value, point.timestamp) for point in points] == [
            (record["loss"], moment)
            for record, moment in zip(before["records"], before["epoch_ms"], strict=True)
        ]
    assert not progress(forked_folder)
