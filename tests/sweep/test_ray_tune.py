"""Real Ray: every trial has exactly one result, whatever happens to the workers."""

import os
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import ray

from gridwright.contract import TrialSpec
from gridwright.errors import SweepError
from gridwright.sweep import queueing, run_trials

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # Ray's own, at its start and end
]
DATA = {
    "a": SimpleNamespace(x_train=np.arange(200_000.0)),
    "b": SimpleNamespace(x_train=np.ones(3)),
}


def specs(n, **parameters):
    return [
        TrialSpec(
            key=f"{index:064x}",
            index=index,
            model="stand-in",
            parameters=parameters,
            config={},
            overrides=(),
            dataset="a",
            dataset_key="a",
            data_digest="",
            plugin_version="",
            seed=0,
            rank_by="validation",
            command="",
        )
        for index in range(n)
    ]


def trial_function():
    """Return a trial that does what its parameters say; being local, it travels by value."""

    def trial(spec, data):
        import os
        import signal
        from pathlib import Path

        import numpy as np

        from gridwright.contract import TrialResult

        what = spec.parameters.get("what")
        if what is not None:
            attempts = Path(spec.parameters["folder"]) / spec.key
            with attempts.open("a") as file:
                file.write("x")
            if len(attempts.read_text()) <= spec.parameters["times"]:
                if what == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise ValueError("no such luck")
        np.kept = [*getattr(np, "kept", ()), np.ones(spec.parameters.get("leak", 0))]
        metrics = {
            "process": float(os.getpid()),
            "index": float(spec.index),
            "total": float(data.x_train.sum()),
            "writeable": float(data.x_train.flags.writeable),
        }
        return TrialResult(spec.key, 1, 2, np.empty(0, np.int64), {}, metrics)

    return trial


def run(trials, cluster, **options):
    results = []
    run_trials(
        trials, DATA, results.append, cluster=cluster, trial_function=trial_function(), **options
    )
    assert sorted(result.key for result in results) == sorted(spec.key for spec in trials)
    return [{result.key: result for result in results}[spec.key] for spec in trials]


def test_every_trial_has_one_result_of_its_own_data(cluster):
    trials = specs(60)
    trials[3] = replace(trials[3], dataset_key="b")
    results = run(trials, cluster)
    expected = DATA["a"].x_train.sum()
    for spec, result in zip(trials, results, strict=True):
        assert result.failure is None
        assert result.metrics["index"] == spec.index
        assert result.metrics["total"] == (3.0 if spec.index == 3 else expected)
        assert result.metrics["writeable"] == 0.0
    assert run([], cluster) == []


def test_an_exception_fails_one_trial_only(cluster, tmp_path):
    trials = specs(12)
    accident = {"what": "raise", "folder": str(tmp_path), "times": 9}
    trials[5] = replace(trials[5], parameters=accident)
    results = run(trials, cluster)
    assert [index for index, result in enumerate(results) if result.failure] == [5]
    assert results[5].failure.kind == "error"
    assert "no such luck" in results[5].failure.reason


def test_a_lost_worker_costs_its_trial_a_second_attempt(cluster, tmp_path):
    trials = specs(12)
    for index, times in [(2, 1), (9, 9)]:
        accident = {"what": "killed", "folder": str(tmp_path), "times": times}
        trials[index] = replace(trials[index], parameters=accident)
    results = run(trials, cluster)
    assert [index for index, result in enumerate(results) if result.failure] == [9]
    assert "worker died twice" in results[9].failure.reason
    assert (tmp_path / trials[9].key).read_text() == "xx"
    assert (tmp_path / trials[2].key).read_text() == "xx"


def test_an_error_of_the_receiver_ends_the_sweep(cluster):
    received = []

    def receive(result):
        received.append(result)
        if len(received) == 3:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_trials(specs(200), DATA, receive, cluster=cluster, trial_function=trial_function())
    assert len(received) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cpus_per_trial": 1000}, "no node can hold a trial with resources.cpus=1000"),
        ({"gpus_per_trial": 1000}, r"and resources.gpus=1000: the cluster has .* CPUs and"),
        ({"memory_per_trial": 1e6}, r"resources.memory=1e\+06: .* GPUs and [\d.]+ GB of memory$"),
    ],
)
def test_what_no_node_can_hold_is_refused(cluster, options, sentence):
    with pytest.raises(SweepError, match=sentence):
        run(specs(1), cluster, **options)


def test_a_full_cluster_is_told_and_waited_for(cluster, occupant, monkeypatch, caplog):
    monkeypatch.setattr(queueing, "PATIENCE", 1.0)
    cluster.ready()
    cpus = len(os.sched_getaffinity(0))
    other = occupant(cpus)
    told = []

    def leave_once_told():
        deadline = time.monotonic() + 120
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.05)
        told.extend(caplog.messages)
        ray.kill(other)

    leaving = threading.Thread(target=leave_once_told)
    leaving.start()
    results = run(specs(2), cluster)
    leaving.join()
    assert not any(result.failure for result in results)
    (sentence,) = told
    assert sentence == (
        f"the cluster is full: a trial asks for 1 CPU, and 0 of {cpus} CPU are free; the sweep "
        "waits until others give some back (Ctrl-C ends it, and the same command goes on later)"
    )


def test_memory_that_is_kept_for_a_trial_lets_fewer_run_at_once(cluster):
    cluster.ready()
    most = ray.cluster_resources()["memory"] / 1e9
    results = run(specs(8), cluster, memory_per_trial=0.6 * most)
    assert len({result.metrics["process"] for result in results}) == 1


def test_a_worker_that_has_grown_gives_way_to_another(cluster):
    leak = 3_000_000  # numbers, 24 MB
    grown = run(specs(24, leak=leak), cluster, worker_growth=100_000_000)
    kept = run(specs(24, leak=leak), cluster)
    for results in (grown, kept):
        assert [result.metrics["index"] for result in results] == list(range(24))
        assert not any(result.failure for result in results)
    processes = [len({each.metrics["process"] for each in results}) for results in (grown, kept)]
    assert processes[0] >= processes[1] + 2
