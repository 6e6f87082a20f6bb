"""One command compares the paper's network with scikit-learn's trees, and serves the best."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow
SWEEP = ["-m", "dataset=iris", "model=numpy-mlp,sklearn/hist_gradient_boosting,sklearn/dummy"]

ASK = """
import json, sys
from mlflow import pyfunc, set_tracking_uri
set_tracking_uri(sys.argv[1])
model = pyfunc.load_model(sys.argv[2])
names = [column.name for column in model.metadata.signature.inputs]
flower = [dict(zip(names, [5.1, 3.5, 1.4, 0.2]))]
import pandas
print(model.predict(pandas.DataFrame(flower), params={"output": "both"}).to_json(orient="records"))
"""


@pytest.fixture(scope="module")
def sweep(folder):
    return folder.run(*SWEEP)


def test_one_leaderboard_ranks_them_all(sweep):
    out, _ = sweep
    rows = [line.split() for line in out.splitlines() if line.strip()[:1].isdigit()]
    named = {" ".join(row[1:3]) if row[1] == "sklearn" else row[1] for row in rows[-3:]}
    assert named == {"numpy-mlp", "sklearn HistGradientBoosting", "sklearn Dummy"}
    assert rows[-1][1:3] == ["sklearn", "Dummy"]
    assert "new champion" in out


def test_boosted_trees_have_a_curve_and_a_baseline_has_a_point(folder, sweep):
    _, trials = folder.runs()
    points = {
        run.data.params.get("estimator", run.data.params["model"]): len(
            folder.client.get_metric_history(run.info.run_id, "val_loss")
        )
        for run in trials
    }
    assert points == {"numpy-mlp": 100, "HistGradientBoosting": 100, "Dummy": 1}


def test_a_stored_tree_answers_where_pickle_is_forbidden(folder, sweep):
    _, trials = folder.runs()
    (tree,) = [run for run in trials if run.data.params.get("estimator") == "HistGradientBoosting"]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            ASK,
            f"sqlite:///{folder.path / 'mlflow.db'}",
            f"runs:/{tree.info.run_id}/model",
        ],
        env=os.environ | {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)
    assert answer["label"] == "setosa"
    assert set(answer["probabilities"]) == {"setosa", "versicolor", "virginica"}
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_an_argument_out_of_range_is_answered_before_anything_starts(folder, sweep):
    before = folder.runs()
    _, err = folder.run(
        "-m", "dataset=iris", "model=sklearn", "model.params.max_iter=0,many", status=2
    )
    assert "2 of 2 trials cannot run; nothing was started" in err
    assert "model.params.max_iter: must be an int in the range [1, inf), but got 0" in err
    assert [len(part) for part in folder.runs()] == [len(part) for part in before]
