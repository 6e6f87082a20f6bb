import numpy as np
import pytest

from gridwright.forecast import costs
from gridwright.forecast.measured import Measured
from gridwright.forecast.selection import most_different
from gridwright.tracking import PastTrial

WIDTH = {5: 1.0, 10: 2.0, 20: 5.0}
BATCH = {16: 4.0, 64: 1.0}


def truth(spec):
    """Milliseconds of an epoch."""
    return WIDTH[spec.parameters["hidden_layer"][0]] * BATCH[spec.parameters["batch_size"]]


def measured(index, spec, noise=1.0):
    return Measured(
        index=index,
        first=0.012,
        epoch=truth(spec) / 1000 * noise,
        epochs=spec.parameters["epoch"],
        rest=0.005,
        scale=1.0,
        start=0.1 if index == 0 else 0.0,
        model_bytes=2000,
        memory=10_000,
        diverged=False,
    )


@pytest.fixture
def grid(plan):
    return plan(
        hidden_layer=[[width] for width in WIDTH],
        batch_size=list(BATCH),
        eta=[0.1, 0.2, 0.3],
        epoch=[100, 300],
    )


def test_the_cost_of_cells_that_were_not_measured(grid):
    probed = most_different(grid.specs, 14)
    rows = [measured(index, grid.specs[place]) for index, place in enumerate(probed)]
    found = costs.from_probe(grid.specs, grid.data, rows, probed)
    true = np.array([truth(spec) / 1000 * spec.parameters["epoch"] for spec in grid.specs])
    assert found.seconds.sum() == pytest.approx(true.sum(), rel=0.12)
    assert np.corrcoef(found.seconds, true)[0, 1] > 0.9
    assert found.start == 0.1
    assert found.source == "a probe of 14 of 36 trials"


def test_probes_that_disagree_widen_the_interval(grid):
    probed = most_different(grid.specs, 14)
    generator = np.random.default_rng(0)
    spreads = []
    for noise in (0.0, 0.8):
        rows = [
            measured(index, grid.specs[place], np.exp(noise * generator.normal()))
            for index, place in enumerate(probed)
        ]
        spreads.append(costs.from_probe(grid.specs, grid.data, rows, probed).spread)
    assert spreads[0] < spreads[1] / 2


def test_without_a_measurement_there_are_no_costs(grid):
    assert costs.from_probe(grid.specs, grid.data, [], [0, 1]) is None


def test_earlier_trials_say_what_the_nearest_cells_took(grid):
    past = [
        PastTrial(
            key=str(width),
            model="numpy-mlp",
            data_digest=grid.specs[0].data_digest,
            failed=False,
            parameters={"hidden_layer": f"[{width}]", "eta": "0.1"},
            metrics={"fit_seconds": float(width)},
        )
        for width in WIDTH
    ]
    found = costs.from_past(grid.specs, past)
    expected = [spec.parameters["hidden_layer"][0] for spec in grid.specs]
    assert found.seconds.tolist() == expected
    assert found.source == "3 earlier trials"


def test_trials_of_other_data_say_nothing(grid):
    other = PastTrial("k", "numpy-mlp", "another", failed=False, metrics={"fit_seconds": 1.0})
    assert costs.from_past(grid.specs, [other]) is None
    assert costs.from_past(grid.specs, []) is None
