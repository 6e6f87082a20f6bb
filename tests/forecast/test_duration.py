from dataclasses import replace

import numpy as np
import pytest

from gridwright.forecast.costs import Costs
from gridwright.forecast.duration import Load, Surroundings, duration

COSTS = Costs(np.full(100, 2.0), spread=0.1, start=0.0, model_bytes=0, memory=0, source="")
NOTHING = Load(0.0, 0.0, 0.0)
IDLE = Surroundings(workers=2, cpus=2, speed=1.0, others=NOTHING)


def test_the_best_guess_lies_in_its_interval():
    found = duration(COSTS, 1000, IDLE)
    assert found.low < found.seconds < found.high
    assert found.high < 2 * found.low
    assert 100 < found.seconds < 130, "200 s of training on two cores"


def test_more_workers_are_faster():
    four = Surroundings(workers=4, cpus=4, speed=1.0, others=NOTHING)
    ratio = duration(COSTS, 1000, IDLE).seconds / duration(COSTS, 1000, four).seconds
    assert 1.5 < ratio < 2


def test_other_programs_take_their_share():
    busy = replace(IDLE, others=Load(2.0, 1.0, 3.0))
    assert duration(COSTS, 0, busy).seconds == pytest.approx(2 * duration(COSTS, 0, IDLE).seconds)
    large = Surroundings(workers=2, cpus=16, speed=1.0, others=Load(4.0, 4.0, 4.0))
    assert large.slowdown(4.0) == 1.0, "there are cores for all"


def test_long_histories_are_held_up_by_the_writer():
    short = replace(COSTS, seconds=np.full(1000, 0.001))
    assert duration(short, 1_000_000, IDLE).seconds > duration(short, 1000, IDLE).seconds + 50


def test_a_server_takes_longer_to_write_than_a_database():
    short = replace(COSTS, seconds=np.full(1000, 0.001))
    rows, requests = (
        duration(short, 300_000, IDLE, by_server=by_server).seconds for by_server in (False, True)
    )
    assert requests > 2 * rows


def test_what_is_uncertain_widens_the_interval():
    sure, unsure = (duration(replace(COSTS, spread=spread), 0, IDLE) for spread in (0.02, 0.4))
    assert unsure.low < sure.low < sure.high < unsure.high
    assert unsure.low > 0


def test_this_machine_is_measured():
    here = Surroundings.of_this_machine(2, 2)
    assert 0.05 < here.speed < 20
    assert 0 <= here.others.low <= here.others.usual <= here.others.high
