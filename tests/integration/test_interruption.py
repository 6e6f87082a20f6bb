"""A sweep that is interrupted or killed goes on with the same command, and loses nothing."""

import signal
import sqlite3
import time
from contextlib import closing

import pytest

pytestmark = pytest.mark.slow
TRIALS = 24
COMMAND = [
    "-m",
    "dataset=iris",
    "model=numpy-mlp",
    "model.epoch=200",
    "model.batch_size=4",
    f"seed=range(0,{TRIALS})",
    "resources.batch=false",  # one after the other: some are under way whenever it ends
]


def finished_trials(folder):
    database = folder.path / "mlflow.db"
    if not database.exists():
        return 0
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            (count,) = connection.execute(
                "select count(*) from runs where status = 'FINISHED'"
            ).fetchone()
        except sqlite3.OperationalError:  # its tables are being made
            return 0
    return count


@pytest.mark.parametrize(
    ("number", "times", "status", "parent_status"),
    [
        (signal.SIGINT, 1, 130, "KILLED"),
        (signal.SIGINT, 2, 130, "KILLED"),
        (signal.SIGKILL, 1, -signal.SIGKILL, "RUNNING"),
    ],
    ids=["Ctrl-C", "Ctrl-C twice", "SIGKILL"],
)
def test_the_same_command_goes_on(new_folder, number, times, status, parent_status):
    process = new_folder.start(*COMMAND)
    while finished_trials(new_folder) < 5:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    for _ in range(times):
        process.send_signal(number)
        time.sleep(0.2 * (times - 1))
    _, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert "Traceback" not in err
    (parent,), trials = new_folder.runs()
    # After two, the process left before or after it could end the sweep's run.
    assert parent.info.status in ({"KILLED", "RUNNING"} if times == 2 else {parent_status})
    assert 5 <= len(trials) < TRIALS
    if number is signal.SIGINT:
        assert "To continue: gridwright -m dataset=iris" in err

    out, _ = new_folder.run(*COMMAND)
    assert f"{TRIALS} trials of numpy-mlp on iris" in out
    (again,), trials = new_folder.runs()
    assert (again.info.run_id, again.info.status) == (parent.info.run_id, "FINISHED")
    assert len(trials) == TRIALS
    new_folder.assert_complete(epochs=200)
