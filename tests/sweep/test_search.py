"""The end of a time budget, without Ray: which trials begin, and which end."""

import math
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, at its import


class Points:
    """A sampler of numbers."""

    def __init__(self):
        self.count = 0

    def propose(self, name):
        self.count += 1
        return self.count

    def tell(self, name, score):
        pass


@pytest.fixture
def searcher(monkeypatch):
    from gridwright.sweep import search as module
    from gridwright.sweep.search_settings import SearchSettings

    monkeypatch.setattr(module.ray, "put", lambda value: value)
    now = SimpleNamespace(time=1000.0)
    monkeypatch.setattr(module.time, "time", lambda: now.time)

    def make(**settings):
        def candidate(point):
            return module.Candidate(SimpleNamespace(key=str(point), dataset_key="d"))

        chosen = SearchSettings("random", **settings)
        search = module.Search(chosen, Points(), candidate, {"d": "data"}, None, None)
        return module.PointSearcher(search)

    return make, now


def test_no_trial_begins_after_the_time(searcher):
    from gridwright.sweep.epoch_worker import END

    make, now = searcher
    points = make(time_budget=10.0)
    # The clock begins with the first trial, however long Tune took to ask for it.
    now.time = 2000.0
    assert points.suggest("a")[END] == 2010.0
    now.time = 2009.0
    assert points.suggest("b")[END] == 2010.0
    now.time = 2010.0
    assert points.suggest("c") == "FINISHED"


def test_without_a_budget_there_is_no_end(searcher):
    from gridwright.sweep.epoch_worker import END

    make, now = searcher
    points = make(max_trials=2)
    assert points.suggest("a")[END] == math.inf
    now.time = 1e12
    assert points.suggest("b")[END] == math.inf
    assert points.suggest("c") == "FINISHED"


def test_a_trial_ends_with_its_epoch_once_the_time_is_over(monkeypatch):
    from gridwright.contract import EpochRecord
    from gridwright.sweep import epoch_worker as module

    monkeypatch.setattr(module.time, "time", lambda: 2010.0)
    trial = object.__new__(module.EpochTrainable)
    trial._report_epochs, trial._stopped = frozenset(), {}
    trial._end = 2011.0
    assert trial._hold(EpochRecord(3, 0.5, 0.5)) is False
    trial._end = 2010.0
    assert trial._hold(EpochRecord(4, 0.5, 0.5)) is True
    assert trial._stopped == {module.OUT_OF_TIME_EPOCH: 4.0}
