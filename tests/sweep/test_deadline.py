"""A trial that takes too long ends between two epochs, or with its process."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from gridwright.contract import EpochRecord
from gridwright.errors import SweepError
from gridwright.sweep.deadline import Deadline

EPOCH = EpochRecord(3, 0.5, 0.5)


def spec(seconds):
    return SimpleNamespace(config={"resources": {"timeout": seconds}})


def test_a_trial_within_its_time_is_left_alone():
    heard = []
    with Deadline(spec(60.0), heard.append) as deadline:
        assert deadline(EPOCH) is False
    with Deadline(spec(None), lambda record: True) as deadline:
        assert deadline(EPOCH) is True
    assert heard == [EPOCH]


def test_a_trial_beyond_its_time_is_ended_at_an_epoch():
    sentence = r"more than resources.timeout=0.01 seconds, and was ended in epoch 3"
    with Deadline(spec(0.01)) as deadline:
        time.sleep(0.015)
        with pytest.raises(SweepError, match=sentence):
            deadline(EPOCH)
    time.sleep(0.1)  # the watch is off: this process would have ended


def test_a_trial_that_hangs_ends_with_its_process():
    hanging = """
import time
from types import SimpleNamespace
from gridwright.sweep.deadline import Deadline
with Deadline(SimpleNamespace(config={"resources": {"timeout": 0.1}})):
    time.sleep(60)
"""
    done = subprocess.run([sys.executable, "-c", hanging], timeout=50, check=False)
    assert done.returncode == 1
