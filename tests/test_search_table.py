import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gridwright.contract import Failure, TrialResult
from gridwright.errors import SweepError
from gridwright.search_table import SearchTable, best_folder


def result(key, score, loss=1.0, failure=None):
    histories = {
        name: np.array([loss, loss / 2]) for name in ("loss", "score", "val_loss", "val_score")
    }
    metrics = {} if failure else {"test_score": score, "train_score": score, "train_loss": loss}
    return TrialResult(
        key, 0, 1, np.array([1, 2]), histories, metrics, failure, {"a/weights": key.encode()}
    )


@pytest.fixture(params=["csv", "parquet"])
def path(request, tmp_path):
    return tmp_path / f"found.{request.param}"


def table(path, keys="abc"):
    return SearchTable(path, ["units", "eta"], list(keys))


def model(path):
    return (best_folder(path) / "model" / "a" / "weights").read_text()


def test_the_best_has_the_best_score_then_the_lower_loss(path):
    search = table(path)
    for key, score, loss in (("a", 0.8, 0.1), ("b", 0.9, 0.3), ("c", 0.9, 0.2)):
        search.add({"units": [5, 5], "eta": 0.1}, result(key, score, loss))
    assert list(search.ranked()["key"]) == ["c", "b", "a"]
    assert model(path) == "c"
    row = search.ranked().iloc[0]
    assert row["units"] == "[5, 5]"
    assert json.loads(row["history"]) == [[0.2, 0.2], [0.1, 0.1]]


def test_a_written_table_is_taken_over(path):
    search = table(path)
    search.add({"units": 5, "eta": 0.1}, result("a", 0.8))
    search.add({"units": 6, "eta": 0.1}, result("b", 0.9))
    search.write()
    later = table(path, "abx")
    assert ["a" in later, "b" in later, "x" in later] == [True, True, False]
    pd.testing.assert_frame_equal(later.ranked(), search.ranked(), check_dtype=False)
    assert "b" not in table(path, "ax")


def test_the_table_is_written_as_it_goes(path):
    table(path).add({"units": 5, "eta": 0.1}, result("a", 0.8))
    assert "a" in table(path)


def test_diverged_cells_stay_and_errors_are_tried_again(path):
    search = table(path)
    search.add({"units": 5, "eta": 9.0}, result("a", 0, failure=Failure("diverged", "too far", 3)))
    search.add({"units": 5, "eta": 0.1}, result("b", 0, failure=Failure("error", "no memory")))
    search.write()
    later = table(path)
    assert ["a" in later, "b" in later] == [True, False]
    assert later.ranked()["failure"].tolist() == ["diverged: too far"]
    assert not best_folder(path).exists()


def test_a_best_model_that_was_lost_is_trained_again(path):
    search = table(path)
    search.add({"units": 5, "eta": 0.1}, result("a", 0.8))
    search.add({"units": 6, "eta": 0.1}, result("b", 0.9))
    search.write()
    Path(best_folder(path) / "key").write_text("another")
    assert ["a" in table(path), "b" in table(path)] == [True, False]


def test_a_file_of_something_else(path):
    pd.DataFrame({"x": [1]}).to_csv(path) if path.suffix == ".csv" else path.write_bytes(b"x")
    with pytest.raises(SweepError, match=r"another grid|no table"):
        table(path)
