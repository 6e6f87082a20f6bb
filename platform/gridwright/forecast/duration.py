"""From the costs of trials to the duration of a sweep: workers, writer, load, start and end."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridwright.forecast.costs import Costs

#: CPU seconds on the machine on which `speed` is 1, measured on sweeps of 1 to 540 trials.
_RAY_START = 3.5  # until the first worker takes a trial
_END = 3.0  # leaderboard, report, figures, champion
_END_PER_TRIAL = 0.004
_PER_TRIAL = 0.012  # of a worker, and of Tune in this process
# Of the writer, for a run without a history and for the points of one epoch: rows in a database of
# this machine, or requests of MLflow's client to a server.
_ROWS = (0.010, 0.00009)
_REQUESTS = (0.030, 0.00034)
#: Seconds that `_loop` takes there.
_REFERENCE = 0.0105
#: Looks at what else runs, and by how much each step of niceness lessens its share (Linux).
_GLANCES = 3
_NICE_STEP = 1.25
_LEAST_SHARE = 0.5
#: 90% of a normal distribution lie within so many standard deviations.
_NINETY_PERCENT = 1.645
#: How wrong the parts that no probe measures may be, as a factor either way.
_UNMEASURED = 0.3


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds of the clock: the best guess, and the ends of an interval that holds nine of ten."""

    seconds: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Load:
    """How many cores other programs would like to have: the best guess, and from where to where."""

    usual: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a sweep runs.

    Attributes:
        workers: trials that run at once.
        cpus: cores of the machine.
        speed: of one core, over that of the reference machine.
        others: what else runs.
    """

    workers: int
    cpus: int
    speed: float
    others: Load

    @classmethod
    def of_this_machine(cls, workers: int, cpus: int) -> Surroundings:
        """Measure the speed and the load of this machine; takes about 0.05 s."""
        return cls(workers, cpus, _speed(), _load())

    def slowdown(self, others: float) -> float:
        """Return how much longer work takes while so many other programs want a core each."""
        return max(1.0, (self.workers + others) / self.cpus) / max(1.0, self.workers / self.cpus)


def duration(
    costs: Costs, epochs: float, place: Surroundings, *, by_server: bool = False
) -> Duration:
    """Return how long the trials take from now to the end of the report.

    Args:
        costs: of each trial.
        epochs: points of each history, all trials together.
        place: where they run.
        by_server: a tracking server takes the runs, not a database of this machine.
    """
    n_trials = len(costs.seconds)
    of_run, of_epoch = _REQUESTS if by_server else _ROWS
    written = (n_trials * of_run + epochs * of_epoch) / place.speed
    own = n_trials * _PER_TRIAL / place.speed
    ends = (_RAY_START + _END + n_trials * _END_PER_TRIAL) / place.speed + costs.start

    def clock(training: float, unmeasured: float, others: float) -> float:
        work = training + own * unmeasured
        # The trial that starts last ends alone.
        tail = float(costs.seconds.max()) * 0.5 if n_trials > place.workers else 0.0
        busy = max(
            work / min(place.workers, n_trials) + tail,
            written * unmeasured,
            (work + written * unmeasured) / place.cpus,
        )
        return (busy + ends * unmeasured) * place.slowdown(others)

    training = float(costs.seconds.sum())
    wide = _NINETY_PERCENT * costs.spread
    return Duration(
        seconds=clock(training, 1.0, place.others.usual),
        low=clock(training * (1 - min(0.7, wide)), 1 - _UNMEASURED, 0.5 * place.others.low),
        # Two cores that are both busy are slower than one alone.
        high=clock(training * (1.15 + wide), 1 + _UNMEASURED, 1.3 * place.others.high + 0.2),
    )


def _speed() -> float:
    times = []
    for _ in range(3):
        begun = time.thread_time()
        _loop()
        times.append(time.thread_time() - begun)
    return _REFERENCE / min(times)


def _loop() -> dict[int, str]:
    """What MLflow's writing is made of: objects of Python, not numbers."""
    return {number: f"{number:x}" for number in range(40_000)}


def _load() -> Load:
    """Measure what else runs: in this moment, which a few glances catch, and in the last minute.

    Programs that are nice want less than a core each. The two differ where the load changes, and
    then nobody knows which of them a sweep will meet.
    """
    glances = []
    for _ in range(_GLANCES):
        glances.append(_wanting())
        time.sleep(0.01)
    counts, now = (sum(column) / _GLANCES for column in zip(*glances, strict=True))
    try:
        minute = max(0.0, os.getloadavg()[0] - 1.0)  # one of them is this process
    except OSError:
        minute = counts
    minute *= max(_LEAST_SHARE, now / counts) if counts else 1.0
    return Load((now + minute) / 2, min(now, minute), max(now, minute))


def _wanting() -> tuple[int, float]:
    """Return how many other processes want to run now, and their weight in the scheduler."""
    count, weight = 0, 0.0
    own = os.getpid()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if fields[0] == "R" and path.parent.name != str(own):
            count += 1
            weight += float(_NICE_STEP ** -int(fields[16]))
    return count, weight
