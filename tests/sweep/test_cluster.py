"""How Ray is started."""

import pytest
import ray

from gridwright.errors import SweepError
from gridwright.sweep.cluster import Cluster

SLOW = "The current node timed out during startup. This could happen because ..."


@pytest.fixture
def failures(monkeypatch):
    """What Ray's starts raise, one after the other; what is left of it was not asked for."""
    left = []

    def init(**_options):
        if left:
            raise left.pop(0)

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    return left


def test_a_node_that_starts_too_slowly_is_started_again(failures):
    failures += [Exception(SLOW), Exception(SLOW)]
    with Cluster() as cluster:
        cluster.ready()
    assert not failures


@pytest.mark.parametrize(
    ("address", "raised", "tried"),
    [
        (None, [Exception(SLOW)] * 4, 3),
        ("head:6379", [Exception(SLOW)] * 4, 1),
        (None, [OSError("no space left on device")] * 4, 1),
    ],
    ids=["never in time", "someone's cluster", "something else"],
)
def test_what_does_not_pass_is_a_sentence(failures, address, raised, tried):
    failures += raised
    reason = str(raised[0]).splitlines()[0]
    with Cluster(address) as cluster, pytest.raises(SweepError) as told:
        cluster.ready()
    where = "at head:6379" if address else "on this machine"
    assert str(told.value) == f"Ray cannot be used {where}: {reason} (see resources.address)"
    assert len(failures) == 4 - tried
