"""When a sweep says that it waits for others; test_ray_tune has the sweep that goes on then."""

import time
from contextlib import closing

import pytest
import ray

from gridwright.sweep import queueing
from gridwright.sweep.queueing import Queueing
from gridwright.sweep.trial_resources import shortage

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own


def test_nothing_is_told_where_a_worker_has_started_or_only_starts(cluster, monkeypatch, caplog):
    monkeypatch.setattr(queueing, "PATIENCE", 0.2)
    cluster.ready()
    started = {"cpu": 10_000.0}
    with closing(Queueing(started)) as one:
        one.on_trial_start(0, [], None)
        time.sleep(0.5)
    with closing(Queueing({"cpu": 1.0, "gpu": 0.0})):
        time.sleep(0.5)
    assert caplog.messages == []


def test_a_worker_of_the_sweep_that_starts_slowly_is_no_full_cluster(
    cluster, occupant, monkeypatch, caplog
):
    monkeypatch.setattr(queueing, "PATIENCE", 1.0)
    cluster.ready()
    every = ray.cluster_resources()["CPU"]
    with closing(Queueing({"cpu": every})):
        own = occupant(every)
        time.sleep(1.5)
        assert ray.available_resources().get("CPU", 0) == 0
    ray.kill(own)
    assert caplog.messages == []


def test_what_is_asked_for_and_what_is_free_is_told_once(cluster, monkeypatch, caplog):
    monkeypatch.setattr(queueing, "PATIENCE", 0.2)
    cluster.ready()
    there = ray.cluster_resources()["CPU"]
    with closing(Queueing({"cpu": 10_000.0, "gpu": 0.5})):
        deadline = time.monotonic() + 60
        while not caplog.messages and time.monotonic() < deadline:
            time.sleep(0.05)
    (told,) = caplog.messages
    assert told.startswith(
        f"the cluster is full: a trial asks for 10000 CPU and 0.5 GPU, and {there:g} of {there:g} "
        "CPU and 0 of 0 GPU are free; the sweep waits"
    )


def test_memory_is_told_in_gigabytes():
    free, every = {"CPU": 2.0, "memory": 1.5e9}, {"CPU": 2.0, "memory": 8e9}
    assert shortage(free, every, {"cpu": 1.0, "gpu": 0.0, "memory": 2e9}) == (
        "a trial asks for 1 CPU and 2 GB of memory, and 2 of 2 CPU and 1.5 of 8 GB of memory are free"
    )
