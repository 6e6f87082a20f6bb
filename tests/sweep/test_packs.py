from hypothesis import given
from hypothesis import strategies as st

from gridwright.sweep.packs import LARGEST_PACK, packs


@given(st.integers(0, 2000), st.integers(1, 64))
def test_packs_divide_all_trials_and_never_grow(n_trials, n_workers):
    divided = packs(n_trials, n_workers)
    assert [trial for pack in divided for trial in pack] == list(range(n_trials))
    sizes = [len(pack) for pack in divided]
    assert sizes == sorted(sizes, reverse=True)
    assert all(1 <= size <= LARGEST_PACK for size in sizes)


@given(st.integers(1, 2000), st.integers(1, 64))
def test_no_worker_ends_long_after_the_others(n_trials, n_workers):
    # A pack is at most half of what remains to a worker: the rest can still be evened out.
    remaining = n_trials
    for pack in packs(n_trials, n_workers):
        assert len(pack) <= max(1, -(-remaining // (2 * n_workers)))
        remaining -= len(pack)


def test_few_trials_are_not_packed():
    assert [len(pack) for pack in packs(6, 2)] == [1] * 6


def test_many_small_trials_are():
    assert len(packs(540, 2)) < 60
