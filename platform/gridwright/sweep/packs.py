"""How many trials a worker takes at once."""

from __future__ import annotations

#: A worker takes no more than this at once, so that a lost worker costs little.
LARGEST_PACK = 16

#: The share of the remaining trials that one worker takes: 1 / (this x workers).
_SHARE = 3


def packs(n_trials: int, n_workers: int) -> list[range]:
    """Divide trials 0 .. n_trials - 1 into packs by guided self-scheduling.

    Starting a trial in Tune costs more than a small trial itself, so a worker takes several at
    once: many in the beginning, and one at a time in the end, so that all workers finish together
    (Polychronopoulos and Kuck, "Guided self-scheduling", IEEE Trans. Computers 36(12), 1987).
    """
    found = []
    start = 0
    while start < n_trials:
        size = -(-(n_trials - start) // (_SHARE * max(1, n_workers)))
        size = min(size, LARGEST_PACK)
        found.append(range(start, start + size))
        start += size
    return found
