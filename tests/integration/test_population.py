"""Population based training, whole and killed on its way: the same trials, and the truth of each."""

import json
import signal
import time

import pytest

pytestmark = pytest.mark.slow
EPOCHS, MEMBERS = 40, 6
COMMAND = [
    "-m", "dataset=iris", "model=numpy-mlp", f"model.epoch={EPOCHS}", "model.batch_size=16",
    "model.eta=tag(log, interval(0.0001, 0.5))", "model.mu=0.5,0.9", "hydra.sweeper.search=random",
    "hydra.sweeper.scheduler=pbt", f"hydra.sweeper.max_trials={MEMBERS}",
    "hydra.sweeper.perturbation_interval=10",
]  # fmt: skip


def states(folder):
    spool = folder.path / ".gridwright" / "spool"
    return list(spool.glob("*/checkpoints/*/[0-9]*/progress.json"))


def told(folder):
    """Return what each run says: by key, its parameters, scores, and whom it went on from."""
    client = folder.client
    found = {}
    for run in folder.runs()[1]:
        points = client.get_metric_history(run.info.run_id, "val_score")
        names = {entry.path for entry in client.list_artifacts(run.info.run_id)}
        exploits = []
        if "exploits.json" in names:
            exploits = json.loads(
                (
                    folder.path / "mlruns/iris" / run.info.run_id / "artifacts/exploits.json"
                ).read_text()
            )
        found[run.data.tags["gridwright.trial_key"]] = (
            {name: run.data.params[name] for name in ("eta", "mu", "seed")},
            [point.value for point in sorted(points, key=lambda point: point.step)],
            exploits,
        )
    return found


def test_a_population_that_was_killed_becomes_what_it_would_have_been(
    forked_folder, tmp_path, forks
):
    (tmp_path / "whole").mkdir()
    whole = type(forked_folder)(tmp_path / "whole", forks=forks)
    out, _ = whole.run(*COMMAND)
    assert "A random with pbt search of numpy-mlp on iris, 6 trials." in out
    (parent,), trials = whole.runs()
    assert (parent.info.status, len(trials)) == ("FINISHED", MEMBERS)
    whole.assert_complete(EPOCHS)
    assert not states(whole)
    expected = told(whole)
    exploited = {key: one for key, one in expected.items() if one[2]}
    assert 2 <= len(exploited) < MEMBERS
    by_key = {run.data.tags["gridwright.trial_key"]: run for run in trials}
    for key, (params, _, exploits) in exploited.items():
        assert f"model.eta={params['eta']}" in exploits[-1]["after"]
        assert all(one["donor"] in expected and one["donor"] != key for one in exploits)
        assert [one["epoch"] for one in exploits] == sorted({one["epoch"] for one in exploits})
        run = by_key[key]
        assert run.data.metrics["exploits"] == len(exploits)
        assert (
            f"after epoch {exploits[0]['epoch']} from trial" in run.data.tags["gridwright.exploits"]
        )
        _, err = whole.run(f"rerun={run.info.run_id}", status=2)
        assert "went on with the states of others" in err
        break

    # The parameters that a member ended with are no reason to take it for a plain trial of them.
    plain = ["dataset=iris", "model=numpy-mlp", f"model.epoch={EPOCHS}", "model.batch_size=16"]
    params = next(iter(exploited.values()))[0]
    whole.run(*plain, f"model.eta={params['eta']}", f"model.mu={params['mu']}")
    assert len(whole.runs()[1]) == MEMBERS + 1

    process = forked_folder.start(*COMMAND)
    # In the middle: some have come to the second comparison, and others not.
    while len(states(forked_folder)) < MEMBERS + 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    forked_folder.run(*COMMAND)
    forked_folder.assert_complete(EPOCHS)
    assert told(forked_folder) == expected
    assert not states(forked_folder)
