"""What a search may choose, and that a point and its overrides tell the same."""

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridwright.errors import ConfigurationError
from gridwright.sweep.samplers import GridSampler, OptunaSampler
from gridwright.sweep.search_settings import SearchSettings
from gridwright.sweep.search_space import Choices, Interval, SearchSpace

ARGUMENTS = [
    "seed=3",
    "eta=tag(log, interval(0.001, 0.1))",
    "units=int(interval(1, 10))",
    "mu=interval(0, 1)",
    "act='a,b',c",
]


def test_dimensions_of_a_command():
    space = SearchSpace.of(ARGUMENTS, {"act": "x,y", "other": "1,2"})
    assert space.fixed == ("seed=3",)
    assert space.dimensions == (
        Choices("other", ("other=1", "other=2")),
        Interval("eta", 0.001, 0.1, log=True, whole=False),
        Interval("units", 1, 10, log=False, whole=True),
        Interval("mu", 0.0, 1.0, log=False, whole=False),
        Choices("act", ("act='a,b'", "act=c")),
    )
    assert space.overrides(space.first) == (
        "seed=3", "other=1", "eta=0.001", "units=1", "mu=0.0", "act='a,b'",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["a=1"], r"nothing to search: .*interval\(0.001, 0.1\)"),
        (["a=interval(2, 1)"], r"a=interval\(2, 1\) is empty"),
        (["a=tag(log, interval(0, 1))"], "must begin above 0"),
        (["a=range(3,3)"], "has no values"),
    ],
)
def test_a_bad_space_is_one_sentence(arguments, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        SearchSpace.of(arguments, {})


@settings(deadline=None, max_examples=50)
@given(st.floats(0.001, 0.1), st.integers(1, 10), st.floats(0, 1), st.sampled_from(["'a,b'", "c"]))
def test_a_point_is_found_again_from_its_overrides(eta, units, mu, act):
    space = SearchSpace.of(ARGUMENTS, {})
    point = {"eta": eta, "units": units, "mu": mu, "act": f"act={act}"}
    assert space.point(space.overrides(point)) == point
    assert space.point(["seed=3", "eta=0.5", "units=1", "mu=0", "act=c"]) is None
    assert space.point(["seed=3"]) is None


def test_a_grid_has_every_cell_once():
    space = SearchSpace.of(["a=1,2", "b=x,y"], {})
    sampler = GridSampler(space)
    points = list(iter(lambda: sampler.propose(""), None))
    assert [space.overrides(point) for point in points] == [
        ("a=1", "b=x"), ("a=1", "b=y"), ("a=2", "b=x"), ("a=2", "b=y"),
    ]  # fmt: skip
    with pytest.raises(ConfigurationError, match="the interval of a has no grid"):
        GridSampler(SearchSpace.of(["a=interval(0,1)"], {}))


@pytest.mark.filterwarnings("ignore")  # Ray's own, and Optuna's experimental features
@pytest.mark.parametrize("search", ["random", "tpe"])
def test_optuna_stays_inside_and_repeats_itself(search):
    space = SearchSpace.of(ARGUMENTS, {})

    def proposed(seed):
        sampler = OptunaSampler(space, search, seed)
        sampler.know(space.first, 0.5)
        sampler.know(space.first, None)
        points = []
        for number in range(20):
            points.append(sampler.propose(str(number)))
            sampler.tell(str(number), None if number == 3 else points[-1]["mu"])
        return points

    first = proposed(0)
    assert first == proposed(0)
    assert first != proposed(1)
    for point in first:
        assert space.point(space.overrides(point)) == point


@pytest.mark.filterwarnings("ignore")
def test_tpe_learns():
    space = SearchSpace.of(["mu=interval(0, 1)"], {})
    sampler = OptunaSampler(space, "tpe", 0)
    points = []
    for number in range(60):
        points.append(sampler.propose(str(number))["mu"])
        sampler.tell(str(number), -abs(points[-1] - 0.3))
    # Chance would be a mean distance of about 0.29.
    assert sum(abs(point - 0.3) for point in points[30:]) / 30 < 0.15


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"search": "tpe"}, "search=tpe needs an end: set hydra.sweeper.max_trials"),
        ({"max_trials": 0}, "max_trials must be at least 1, or null for no limit, but got 0"),
        ({"time_budget": -1.0}, "time_budget must be more than 0 seconds"),
        ({"grace_epochs": 0}, "grace_epochs must be at least 1"),
        ({"reduction_factor": 1.0}, "reduction_factor must be more than 1"),
    ],
)
def test_settings_out_of_range_are_one_sentence(changes, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        SearchSettings(**changes).check()


def test_schedulers_decide_at_rungs():
    assert SearchSettings().report_epochs() == frozenset()
    halving = SearchSettings(scheduler="asha", grace_epochs=5, reduction_factor=3)
    assert sorted(halving.report_epochs(500)) == [5, 15, 45, 135, 405]
    assert len(SearchSettings(scheduler="median").report_epochs(500)) == 12


def test_points_by_chance_are_points_of_the_space():
    space = SearchSpace.of([*ARGUMENTS, "deep=tag(log, int(interval(1, 1000)))"], {})
    points = list(islice(space.spread(0), 200))
    assert points == list(islice(space.spread(0), 200))
    assert points[0] == space.first
    assert all(space.point(space.overrides(point)) == point for point in points)
    # Spread over logarithms: half of them below the square root of 1000.
    assert 60 < sum(point["deep"] < 32 for point in points) < 140
