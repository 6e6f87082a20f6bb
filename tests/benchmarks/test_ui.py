"""What MLflow's UI asks its server for, of runs of Gridwright's and of the same runs logged by hand.

    pytest tests/benchmarks/test_ui.py -s

Two stores with as many runs, one server each, asked in turns: the list of 100 runs, and all that a
comparison of 100 runs shows. Ratios are ours divided by theirs: below 1 is quicker. What is
asserted is loose; the printed figures are the result.
"""

import json
import statistics
import time
import urllib.request
from shutil import copyfile
from urllib.parse import urlencode

import pytest

pytestmark = [pytest.mark.benchmark, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

HISTORIES = ("loss", "score", "val_loss", "val_score")
RUNS, SHOWN, ROUNDS = 100, 100, 5
API = "/ajax-api/2.0/mlflow"


def log_by_hand(source, uri):
    """Log the runs of `source` to another store as a training script does; return its client."""
    import mlflow
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.create_experiment("iris")
    mlflow.set_tracking_uri(uri)
    try:
        for run in source.search_runs(
            [source.get_experiment_by_name("iris").experiment_id], max_results=RUNS
        ):
            with mlflow.start_run(experiment_id=experiment):
                mlflow.log_params(run.data.params)
                for name in HISTORIES:
                    for point in source.get_metric_history(run.info.run_id, name):
                        mlflow.log_metric(name, point.value, step=point.step)
                mlflow.log_metrics(
                    {
                        name: value
                        for name, value in run.data.metrics.items()
                        if name not in HISTORIES
                    }
                )
    finally:
        mlflow.set_tracking_uri(None)
    return client


class View:
    """The UI of one store."""

    def __init__(self, client, server):
        self.server = server
        self.experiment = client.get_experiment_by_name("iris").experiment_id
        self.ids = [run["info"]["run_id"] for run in self.list()["runs"]]

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.server.url}{API}/{path}", data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def list(self):
        return self.ask(
            "runs/search",
            {
                "experiment_ids": [self.experiment], "max_results": SHOWN,
                "run_view_type": "ACTIVE_ONLY", "order_by": ["attributes.start_time DESC"],
            },
        )  # fmt: skip

    def compare(self):
        runs = [self.ask(f"runs/get?{urlencode({'run_id': run_id})}") for run_id in self.ids]
        histories = self.ask(
            "metrics/get-history-bulk?"
            + urlencode({"run_id": self.ids, "metric_key": "val_loss"}, doseq=True)
        )
        return runs, histories


@pytest.fixture
def views(trained_plan, empty_store, start_server, tmp_path):
    _, session, _ = trained_plan(*(0.01 + index / 1000 for index in range(RUNS)))
    hand = tmp_path / "hand"
    hand.mkdir()
    copyfile(empty_store, hand / "mlflow.db")
    client = log_by_hand(session.store.client, f"sqlite:///{hand / 'mlflow.db'}")
    return [
        View(found, start_server("ui", "--workers", "1", folder=folder))
        for found, folder in ((session.store.client, tmp_path), (client, hand))
    ]


def test_list_and_comparison_of_100_runs(views):
    assert [len(view.ids) for view in views] == [SHOWN, SHOWN]
    assert len(views[0].compare()[1]["metrics"]) == len(views[1].compare()[1]["metrics"])
    for page in ("list", "compare"):
        taken = [], []
        for _ in range(ROUNDS):
            for view, seconds in zip(views, taken, strict=True):
                start = time.perf_counter()
                getattr(view, page)()
                seconds.append(time.perf_counter() - start)
        ours, theirs = (statistics.median(seconds) * 1000 for seconds in taken)
        print(
            f"\n{page} of {SHOWN} of {RUNS} runs: {ours:.0f} ms, logged by hand {theirs:.0f} ms, "
            f"ratio {ours / theirs:.2f} (goal: 1.0)"
        )
        # Tags, notes and data sets of every run are in the list: about twice the time was seen.
        assert ours / theirs < 3
