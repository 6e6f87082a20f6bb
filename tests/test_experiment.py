import pytest

from gridwright.errors import ConfigurationError
from gridwright.experiment import Experiment
from gridwright.sweep import Cell

CLAIMS = {"rows": [{"where": {"model.eta": 0.1}, "at_least": {"test_score": 0.9}}]}


def config(eta, **experiment):
    return {
        "dataset": {"name": "iris"},
        "model": {"name": "m", "eta": eta},
        "experiment": experiment,
        "claims": CLAIMS,
    }


def cells(*etas, **experiment):
    return [
        Cell(index, (f"model.eta={eta}",), config(eta, **experiment))
        for index, eta in enumerate(etas)
    ]


def test_a_trial_does_not_depend_on_what_the_experiment_claims():
    (cell,) = Experiment.of(config(0.1)).select(cells(0.1))
    assert cell.config == {"dataset": {"name": "iris"}, "model": {"name": "m", "eta": 0.1}}


def test_published_rows_are_the_cells_that_are_claimed():
    grid = cells(0.01, 0.1, 1.0, rows="published")
    experiment = Experiment.of(grid[0].config)
    selected = experiment.select(grid)
    assert [(cell.index, cell.overrides) for cell in selected] == [(0, ("model.eta=0.1",))]
    assert experiment.mark == "(published rows only)"


def test_a_scale_is_a_share_of_the_data_and_said():
    experiment = Experiment.of(config(0.1, rows="published", scale=0.25))
    assert experiment.trial_config(config(0.1))["dataset"] == {"name": "iris", "fraction": 0.25}
    assert experiment.mark == "(published rows only, 0.25 of the data)"
    assert Experiment.of(config(0.1, scale=1)).mark == ""


def test_published_rows_that_are_not_in_the_grid_are_refused():
    grid = cells(0.01, rows="published")
    with pytest.raises(ConfigurationError, match="none of its 1 cells is"):
        Experiment.of(grid[0].config).select(grid)


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(ConfigurationError, match="scale must be above 0 and at most 1, but got"):
        Experiment.of(config(0.1, scale=scale))
