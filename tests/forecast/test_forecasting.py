from dataclasses import replace

import pytest

from gridwright.contract import Footprint
from gridwright.forecast import (
    Forecast,
    ForecastUnderWay,
    Taken,
    comparison,
    forecasting,
    sentence,
)
from gridwright.forecast.duration import Duration

RESOURCES = {"cpus": 1, "gpus": 0.0, "address": None}
FORECAST = Forecast(
    time=Duration(41.0, 30.0, 60.0),
    disk=31e6,
    memory=1.9e9,
    workers=2,
    source="a probe of 9 of 540 trials",
    free_disk=10**12,
    free_memory=10**11,
)
WITHIN = "It took 44 s, within the forecast of 30 s to 60 s"
MEMORY = "1.8 GB of memory after the last trial (forecast: 1.9 GB)"


def test_the_forecast_of_a_grid(plan, tmp_path):
    planned = plan(hidden_layer=[[5], [10]], eta=[0.1, 0.2], epoch=[30])
    with ForecastUnderWay(planned.specs, planned.data, RESOURCES, tmp_path) as under_way:
        forecast = under_way.finish(planned.specs[:3], [], wait=60)
    assert forecast.time.low < forecast.time.seconds < forecast.time.high
    assert forecast.source == "a probe of 4 of 4 trials"
    assert forecast.disk > 3 * 1000
    assert forecast.free_disk > 0
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_run_has_no_forecast(plan, tmp_path):
    planned = plan(epoch=[30])
    with ForecastUnderWay(planned.specs, planned.data, RESOURCES, tmp_path) as under_way:
        assert under_way.finish([], [], wait=0) is None


def test_a_cluster_elsewhere_has_none(plan):
    planned = plan(epoch=[30])
    elsewhere = RESOURCES | {"address": "10.0.0.1:6379"}
    with ForecastUnderWay(planned.specs, planned.data, elsewhere, None) as under_way:
        assert under_way.finish(planned.specs, [], wait=0) is None


@pytest.mark.parametrize(("gpus", "expected"), [(0.0, True), (0.5, False)])
def test_a_long_sweep_waits_longer_for_its_probe(plan, tmp_path, monkeypatch, gpus, expected):
    told = Footprint(epochs=100, parameters=1, memory=1, products=10**9)
    monkeypatch.setattr(forecasting, "footprint", lambda *arguments: told)
    waits = []
    monkeypatch.setattr(forecasting.Probe, "results", lambda self, wait: waits.append(wait) or [])
    planned = plan(epoch=[100], eta=[0.1, 0.2])
    with ForecastUnderWay(planned.specs, planned.data, RESOURCES | {"gpus": gpus}, tmp_path) as one:
        probe = one._probe
        assert one.finish(planned.specs, [], wait=4) is None
        probe.end()
    # 96 samples, 100 epochs, 2 trials, forward and backward: 1.2e14 operations on these cores.
    least = 6 * 1e9 * 96 * 100 * 2 / (forecasting._FASTEST * forecasting.available_cpus())
    assert waits == [pytest.approx(max(4, 0.02 * least) if expected else 4)]
    # The wait that there was, not the least one.
    assert f"nothing was measured within {waits[0]:.0f} s" in one.silence


def test_sentence():
    assert sentence(FORECAST) == (
        "Forecast: 41 s (30 s to 60 s) on 2 workers, about 31 MB on disk and 1.9 GB of memory; "
        "from a probe of 9 of 540 trials."
    )


def test_what_does_not_fit_is_said():
    assert "Only 1 MB are free on that disk." in sentence(replace(FORECAST, free_disk=10**6))
    assert "Only 1 GB of memory are free" in sentence(replace(FORECAST, free_memory=10**9))


@pytest.mark.parametrize(
    ("taken", "text"),
    [
        (Taken(44.0, None, None), f"{WITHIN}."),
        (Taken(7.25, None, None), "It took 7.2 s, outside of the forecast of 30 s to 60 s."),
        (
            Taken(44.0, 33_000_000, 1_800_000_000),
            f"{WITHIN}; 33 MB on disk (forecast: 31 MB) and {MEMORY}.",
        ),
        (
            Taken(44.0, None, 1_800_000_000),
            f"{WITHIN}; {MEMORY}.",
        ),
    ],
)
def test_comparison(taken, text):
    assert comparison(FORECAST, taken) == text


def test_what_rounds_alike_is_told_in_seconds():
    long = replace(FORECAST, time=Duration(600, 130, 2000))
    assert comparison(long, Taken(125.0, None, None)).startswith(
        "It took 125 s, outside of the forecast of 130 s to 2000 s"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(119, "119 s"), (121, "2 min"), (7190, "120 min"), (7300, "2.0 h")]
)
def test_long_times_read_well(seconds, text):
    long = replace(FORECAST, time=Duration(seconds, 1, 10**6))
    assert f"Forecast: {text} (" in sentence(long)
