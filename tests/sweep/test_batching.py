"""Which trials are put together: all of them somewhere, once, and enough for every worker."""

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridwright.sweep import batching
from gridwright.sweep.batching import LARGEST_BATCH, divide, share_of_time


@pytest.fixture(autouse=True, scope="module")
def keys_of_stand_ins():
    """The key of a stand-in is its `key`."""
    patch = pytest.MonkeyPatch()
    patch.setattr(batching, "batch_key", lambda spec, data, plugin: spec.key)
    patch.setattr(batching, "load_model_plugin", lambda name: None)
    yield
    patch.undo()


def divided(keys, n_workers):
    specs = [SimpleNamespace(model="m", dataset_key="d", key=key) for key in keys]
    return divide(specs, {"d": None}, n_workers)


@settings(max_examples=100)
@given(st.lists(st.sampled_from([None, "x", "y", "z"]), max_size=200), st.integers(1, 8))
def test_every_trial_is_somewhere_once(keys, n_workers):
    batches, alone = divided(keys, n_workers)
    places = [place for batch in batches for place in batch] + alone
    assert sorted(places) == list(range(len(keys)))
    for batch in batches:
        assert 2 <= len(batch) <= min(LARGEST_BATCH, len(keys) // (2 * n_workers))
        assert len({keys[place] for place in batch}) == 1
        assert keys[batch[0]] is not None


def test_batches_of_one_key_are_alike_in_size():
    batches, alone = divided(["x"] * 36, 1)
    assert [len(batch) for batch in batches] == [12, 12, 12]
    assert alone == []


def test_few_trials_run_at_once_instead():
    assert divided(["x"] * 4, 2) == ([], [0, 1, 2, 3])


def test_a_trial_of_a_larger_batch_takes_less():
    assert share_of_time(1) == 1.0
    assert 0.25 < share_of_time(16) < share_of_time(4) < 1.0
