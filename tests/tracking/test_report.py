"""The report on a sweep's run, and its parts."""

import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from mlflow import MlflowClient

from gridwright.contract import TrialSpec
from gridwright.plugins import load_model_plugin
from gridwright.tracking import (
    Leaderboard,
    ReportTable,
    SweepRecord,
    leaderboard_text,
    log_report,
)
from gridwright.tracking.champion import PromotionOutcome
from gridwright.tracking.distinction import distinguished
from gridwright.tracking.note import BY_TEST_SCORE
from gridwright.trial import run_trial

SWEEP = SweepRecord(
    "k", "two | rates", "gridwright -m model.eta=0.01,0.02,0.03", ("iris",), 3, "validation",
    {"gridwright": "0.1.0"},
)  # fmt: skip


@pytest.fixture
def written(session, iris, make_trial, diverged):
    parent = session.start_sweep(SWEEP)
    trials = [
        make_trial(0, epochs=20, validation_score=0.8),
        make_trial(1, failure=diverged),
        make_trial(2, epochs=20, validation_score=0.9),
    ]
    for spec, result in trials:
        session.submit(spec, result, iris, ("numpy",), parent)
    session.drain()
    return session.store, parent, session.runs([spec.key for spec, _ in trials])


def test_rows_are_ranked_and_failures_come_last(written):
    board = Leaderboard.of(written[2], "validation")
    assert board.columns[:5] == ("rank", "run_id", "eta", "validation_score", "validation_loss")
    assert [row[0] for row in board.rows()] == [1, 2, None]
    assert [row[2] for row in board.rows()] == ["0.03", "0.01", "0.02"]
    assert board.rows()[2][-2:] == ("FAILED", "the loss is inf")
    rows = list(csv.reader(io.StringIO(board.to_csv())))
    assert rows[0] == list(board.columns)
    assert rows[1][:4] == ["1", board.runs[0].run_id, "0.03", "0.9"]
    assert len(rows) == 4


def test_every_data_set_has_a_ranking_of_its_own(written):
    runs = written[2]
    other = [replace(run, dataset="wine", dataset_key="wine-0") for run in runs]
    board = Leaderboard.of([*other, *runs], "validation")
    assert board.ranks == (1, 2, None, 1, 2, None)
    assert [run.dataset for run in board.runs] == ["iris"] * 3 + ["wine"] * 3


def test_the_terminal_shows_what_distinguishes_trials(written):
    board = Leaderboard.of(written[2], "validation")
    text = leaderboard_text(board, 2, width=100)
    assert len(text.splitlines()) == 4
    assert "0.9000" in text
    assert "failure" not in text
    assert "the loss is inf" in leaderboard_text(board, 3, width=100)
    assert max(map(len, leaderboard_text(board, 3, width=60).splitlines())) <= 60


def test_a_long_setting_leaves_room_for_the_scores(written):
    runs = written[2]
    longer = replace(runs[0], parameters=runs[0].parameters | {"eta": "conv" * 100})
    text = leaderboard_text(Leaderboard.of([longer, *runs[1:]], "validation"), 2, width=120)
    assert len(text.splitlines()) == 4
    assert "convconv" in text
    assert "0.8000" in text


def test_labels_say_what_differs():
    runs = [
        {"hidden_layer": "[5]", "eta": "0.1", "epoch": "300"},
        {"hidden_layer": "[10]", "eta": "0.01", "epoch": "300"},
    ]
    assert distinguished(runs) == ["[5] eta=0.1", "[10] eta=0.01"]


def test_the_report_is_on_the_sweeps_run(session, written, settings, tmp_path, monkeypatch):
    store, parent, runs = written
    outcome = PromotionOutcome(
        "iris", "1", runs[2].run_id, moved=True, champion="1", sentence="iris: done"
    )
    for _ in range(2):  # the second replaces the first
        board = log_report(store, parent, SWEEP, runs, [outcome])
    client = MlflowClient(settings.uri)
    tags = client.get_run(parent).data.tags
    note = tags["mlflow.note.content"]
    assert "3 trials on iris; 2 finished, 1 diverged, 0 stopped" in note
    assert SWEEP.command in note
    assert "mlflow models serve -m models:/iris/1 --env-manager local" in note
    assert BY_TEST_SCORE not in note
    assert f"gridwright rerun={runs[2].run_id}" in note
    assert json.loads(tags["mlflow.loggedArtifacts"])[0]["path"] == "leaderboard.json"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.uri)  # load_table does not ask its client
    table = client.load_table(session.store.experiment_id("iris"), "leaderboard.json", [parent])
    assert table["rank"].tolist()[:2] == [1, 2]
    assert len(table) == 3
    folder = tmp_path / "mlruns/iris" / parent / "artifacts"
    assert (folder / "leaderboard.csv").read_text() == board.to_csv()
    failures = list(csv.DictReader((folder / "failures.csv").read_text().splitlines()))
    assert [(row["trials"], row["reason"]) for row in failures] == [("1", "the loss is inf")]
    for name in ("best_curves.png", "effects.png"):
        assert (folder / "figures" / name).read_bytes()[:4] == b"\x89PNG"


def test_ranking_by_the_test_score_is_said_plainly(written):
    store, parent, runs = written
    log_report(store, parent, replace(SWEEP, rank_by="test"), runs)
    assert BY_TEST_SCORE in store.client.get_run(parent).data.tags["mlflow.note.content"]


def test_a_sweep_without_a_finished_trial_has_a_report(session, iris, make_trial, diverged):
    parent = session.start_sweep(SWEEP)
    spec, result = make_trial(failure=diverged)
    session.submit(spec, replace(result, metrics={}), iris, ("numpy",), parent)
    session.drain()
    board = log_report(session.store, parent, SWEEP, session.runs([spec.key]))
    assert board.ranks == (None,)
    assert [a.path for a in session.store.client.list_artifacts(parent, "figures")] == []


class Page(HTMLParser):
    """What a page asks for, and what it shows."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.references, self.text = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.references += [value for name, value in attrs if name in {"src", "href", "srcset"}]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def real(iris):
    """The result of a real trial, to be given other seeds and scores."""
    plugin = load_model_plugin("numpy-mlp")
    parameters = {"hidden_layer": [5], "epoch": 5}
    spec = TrialSpec(
        "0" * 64, 0, "numpy-mlp", parameters, {"model": parameters}, (), "iris", "iris-0",
        iris.digest, plugin.version, 0, "validation", "",
    )  # fmt: skip
    return run_trial(spec, iris, plugin)


def test_the_page_holds_everything_and_asks_for_nothing(
    session, iris, make_trial, real, diverged, tmp_path
):
    parent = session.start_sweep(SWEEP)
    keys = []
    for index in range(6):
        spec, result = make_trial(
            index,
            failure=diverged if index == 5 else None,
            parameters={"eta": "<script>" if index % 2 else "0.1"},
            validation_score=0.8 + 0.01 * index,
            fit_seconds=0.1,
        )
        spec = replace(spec, seed=index // 2, key=f"{index:064x}")
        result = replace(result, key=spec.key)
        if index < 5:
            result = replace(
                result, files=real.files, histories=real.histories, epoch_ms=real.epoch_ms
            )
        session.submit(spec, result, iris, ("numpy",), parent)
        keys.append(spec.key)
    session.drain()
    claims = ReportTable(
        "Claims of table 3", ("trials", "verdict"), [("a", "held")], file="claims.csv"
    )
    log_report(
        session.store, parent, SWEEP, session.runs(keys), data={"iris-0": iris}, tables=[claims]
    )
    folder = tmp_path / "mlruns/iris" / parent / "artifacts"
    text = (folder / "report.html").read_text()
    page = Page(text)
    assert "script" not in page.tags
    assert all(reference.startswith(("data:", "#")) for reference in page.references)
    assert "url(" not in text
    shown = " ".join(" ".join(page.text).split())
    for part in (
        SWEEP.name, "Repeated seeds", "Leaderboard", "Worst mistakes of the best model",
        "Failed trials", "the loss is inf", "Claims of table 3", SWEEP.command, "<script>",
        "gridwright rerun=", "A few rows of the data", "sepal length (cm)", "Samples: ",
    ):  # fmt: skip
        assert part in shown, part
    assert shown.index("Repeated seeds") < shown.index("Leaderboard")
    assert page.tags.count("img") == len(list((folder / "figures").iterdir())) == 4
    assert {"best_curves.png", "confusion.png", "effects.png", "time.png"} == {
        file.name for file in (folder / "figures").iterdir()
    }
    assert (folder / "claims.csv").read_text() == "trials,verdict\na,held\n"
    repeats = list(csv.DictReader((folder / "repeats.csv").read_text().splitlines()))
    assert [row["trials"] for row in repeats] == ["2 + 1 failed", "3"]
    note = session.store.client.get_run(parent).data.tags["mlflow.note.content"]
    assert "| rank | eta | trials | mean validation_score |" in note
    assert "Claims of table 3" in note
