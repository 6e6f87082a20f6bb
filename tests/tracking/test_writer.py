"""The writer's patience with a store that cannot be used for a while."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from gridwright.errors import TrackingError
from gridwright.schema import TrackingConfiguration
from gridwright.tracking import writer as module
from gridwright.tracking.store_errors import StoreUnavailable
from gridwright.tracking.writer import IN_MEMORY, Writer

FILES = [Path("/spool/1.trial"), Path("/spool/2.trial")]


class Store:
    """Refuses the first `times` attempts."""

    def __init__(self, times, error=StoreUnavailable):
        self.times, self.error = times, error
        self.attempts, self.written = 0, []

    def write(self, waiting):
        self.attempts += 1
        if self.attempts <= self.times:
            raise self.error("database is locked")
        self.written.append(waiting.file)


def test_a_store_that_comes_back_gets_everything_in_order():
    store = Store(times=3)
    writer = Writer(store.write, patience=60, interval=0.01)
    for file in FILES:
        writer.put(file)
    writer.drain()
    assert store.written == FILES
    assert list(writer.interruptions) == ["database is locked"]
    assert writer.interruptions["database is locked"] >= 0.03
    writer.close()


def test_a_server_that_is_gone_for_a_minute_loses_nothing(monkeypatch):
    """By its own clock: each attempt takes the two seconds that usually lie between them."""
    clock = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    store = Store(times=30)

    def write(waiting):
        clock[0] += TrackingConfiguration.retry_interval
        store.write(waiting)

    writer = Writer(write, patience=TrackingConfiguration.patience, interval=0.001)
    for file in FILES:
        writer.put(file)
    writer.drain()
    writer.close()
    assert store.written == FILES
    assert writer.interruptions == {"database is locked": 62.0}


def test_a_server_that_the_client_waits_for_is_told_of_too(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    durations = {FILES[0]: 61.0, FILES[1]: 5.0}

    def write(waiting):
        clock[0] += durations[waiting.file]

    writer = Writer(write)
    for file in FILES:
        writer.put(file)
    writer.drain()
    writer.close()
    assert writer.interruptions == {
        "one run took longer than 30 s to write: no answer, or a slow one": 61.0
    }


def test_patience_has_an_end():
    store = Store(times=10**9)
    writer = Writer(store.write, patience=0.1, interval=0.02)
    for file in FILES:
        writer.put(file)
    with pytest.raises(TrackingError, match=r"locked; finished trials wait in /spool, and the"):
        writer.drain()
    assert store.written == []
    assert 2 <= store.attempts <= 7
    writer.close()


def test_what_will_never_work_is_tried_once():
    store = Store(times=10**9, error=TrackingError)
    writer = Writer(store.write, patience=60, interval=0.01)
    writer.put(FILES[0])
    with pytest.raises(TrackingError):
        writer.drain()
    assert store.attempts == 1
    writer.close()


def test_stopping_does_not_wait_for_the_store():
    store = Store(times=10**9)
    writer = Writer(store.write, patience=600, interval=600)
    writer.put(FILES[0])
    writer.stop()  # would take ten minutes
    assert store.written == []


def test_a_long_queue_is_not_kept_in_memory():
    held = []
    writer = Writer(held.append)
    writer.drain()
    writer.close()
    for file in FILES * IN_MEMORY:
        writer.put(file, "trial")
    waiting = [writer._queue.get() for _ in range(len(FILES) * IN_MEMORY)]
    assert [one.trial for one in waiting] == ["trial"] * IN_MEMORY + [None] * IN_MEMORY
