"""The paper's search, called as in its section 4.1, with a grid that is quick."""

import json

import numpy as np
import pandas as pd
import pytest

from gridwright.errors import ConfigurationError, InvalidTrials, SweepError
from numpy_mlp import LeakyReLu, MLPGridSearch, ReLu, Tanh

GRID = {
    "hidden_layers": [(5, 5), (10,)],
    "activations": [Tanh(), ReLu(), LeakyReLu(0.1)],
    "batch_sizes": [16],
    "epochs": [5],
    "mus": [0.8],
    "betas": [0.3],
    "etas": [0.01, 0.05],
    "alphas": [0],
}


def test_an_empty_list_or_a_bad_cell_starts_nothing(iris, tmp_path):
    x_train, x_test, y_train, y_test = iris
    with pytest.raises(ConfigurationError, match="no values for eta"):
        MLPGridSearch("classification", **{**GRID, "etas": []}, filename=tmp_path / "a.csv")
    with pytest.raises(ConfigurationError, match=r"must end in \.csv or \.parquet"):
        MLPGridSearch("classification", **GRID, filename="a.txt")
    with pytest.raises(ConfigurationError, match="unknown activation"):
        MLPGridSearch("classification", **{**GRID, "activations": ["Sin"]}, filename="a.csv")
    search = MLPGridSearch(
        "classification", **{**GRID, "mus": [0.5, 2]}, filename=tmp_path / "a.csv"
    )
    with pytest.raises(InvalidTrials, match="mu must be a number at least 0 and below 1"):
        search.run(x_train, y_train, x_test, y_test)
    with pytest.raises(SweepError, match="run the search first"):
        search.best_model()
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_papers_search(iris, tmp_path):
    x_train, x_test, y_train, y_test = iris
    filename = tmp_path / "iris.csv"
    search = MLPGridSearch("classification", **GRID, filename=filename)
    found = search.run(x_train, y_train, x_test, y_test)
    assert len(found) == 12
    assert set(found["activation"]) == {"Tanh", "ReLU", "LeakyReLU(0.1)"}
    assert found["test_score"].is_monotonic_decreasing
    assert (found["failure"] == "").all()
    assert np.array(json.loads(found["history"][0])).shape == (5, 2)
    assert np.array(json.loads(found["validation_history"][0])).shape == (5, 2)
    assert search.best_model().score(x_test, y_test) == found["test_score"][0]

    stored = pd.read_csv(filename)
    assert list(stored["key"]) == list(found["key"])

    # A part of the grid is done already, a part of the file is lost: only the rest is trained.
    lost = stored.iloc[[0, 3]]["key"]
    kept = stored[~stored["key"].isin(lost)]
    kept.to_csv(filename, index=False)
    wider = {**GRID, "alphas": [0, 0.01]}
    again = MLPGridSearch("classification", **wider, filename=filename)
    found_again = again.run(x_train, y_train, x_test, y_test)
    assert len(found_again) == 24
    seconds = dict(zip(found["key"], found["seconds"], strict=True))
    for key, spent in zip(found_again["key"], found_again["seconds"], strict=True):
        if key in seconds:
            same = np.isclose(spent, seconds[key], rtol=1e-9)
            # The best of what is left has no model any more, so it is trained again, too.
            assert same or key in {*lost, kept.iloc[0]["key"]}
    assert again.best_model().score(x_test, y_test) == found_again["test_score"].max()
    with pytest.raises(SweepError, match="another grid"):
        MLPGridSearch("classification", **GRID, filename=filename, dropout=0.1).run(
            x_train, y_train, x_test, y_test
        )
