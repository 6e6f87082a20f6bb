import numpy as np

from gridwright.forecast.selection import levels, most_different


def test_levels_are_the_settings_that_differ_without_seeds(plan):
    specs = plan(hidden_layer=[[5], [6]], eta=[0.1], seed=[0, 1]).specs
    assert levels(specs).tolist() == [[0], [0], [1], [1]]


def test_every_value_is_among_the_first_few(plan):
    grid = {
        "hidden_layer": [[5], [6], [7], [8], [9]],
        "activation": ["Tanh", "ReLU", "Sigmoid"],
        "batch_size": [16, 32, 64],
        "eta": [0.1, 0.2],
    }
    specs = plan(**grid).specs
    chosen = most_different(specs, 6)
    table = levels(specs)[chosen]
    assert [len(set(column)) for column in table.T] == [5, 3, 3, 2]
    assert len(set(chosen)) == 6


def test_a_large_grid_is_searched_in_a_sample(plan):
    specs = plan(eta=np.linspace(0.1, 0.9, 50).tolist(), seed=list(range(20))).specs
    chosen = most_different(specs, 8)
    assert len({specs[place].parameters["eta"] for place in chosen}) == 8


def test_repetitions_are_never_probed(plan):
    assert len(most_different(plan(eta=[0.1, 0.2], seed=list(range(10))).specs, 48)) == 2
    assert most_different(plan(eta=[0.1]).specs, 48) == [0]
