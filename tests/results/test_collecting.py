import json

import pytest

from gridwright.errors import ConfigurationError
from gridwright.results import collected, collecting
from gridwright.results.__main__ import main
from gridwright.tracking import RecordedSweep, RecordedTrial

EXPERIMENT = """
claims:
  source: table 1
  rows:
    - where: {model.eta: 0.1}
      at_least: {test_score: 0.9}
      shown: {train_loss: 16.6}
    - where: {model.eta: 1}
      at_least: {test_score: 0.9}
"""
STORE = "sqlite:///nowhere.db"


def trial(run_id, score, eta=0.1, *, seed=0, fraction=None):
    config = {
        "dataset": {"name": "iris", "fraction": fraction},
        "model": {"name": "m", "eta": eta},
        "seed": seed,
    }
    return RecordedTrial(run_id, config, {"test_score": score, "train_loss": 0.1234567}, False)


def sweep(*trials, command="gridwright -m experiment=paper/one tracking.uri=sqlite:////x/y.db"):
    return RecordedSweep(
        command, "2026-01-31", 61.4, "0123", True, {"numpy": "2", "other": "3"}, tuple(trials)
    )


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "paper"
    folder.mkdir()
    (folder / "one.yaml").write_text(EXPERIMENT)
    (folder / "unclaimed.yaml").write_text("model: {eta: 1}")
    return folder


@pytest.fixture
def recorded(monkeypatch):
    """A list of sweeps to fill: those of every experiment."""
    sweeps = []
    monkeypatch.setattr(collecting, "read_sweeps", lambda settings, token: asked(token, sweeps))
    return sweeps


def asked(token, sweeps):
    assert token == "experiment=paper/one"
    return sweeps


def test_each_row_is_told_by_the_trials_with_the_most_data(folder, recorded):
    whole = trial("a", 0.95)
    part = [trial("b", 0.5, fraction=0.1), trial("c", 0.7, eta=1, fraction=0.1)]
    recorded += [sweep(whole), sweep(whole, *part)]  # the second took the first's trial over
    found = collected(folder, STORE)["experiments"]["one"]
    first, second = found["rows"]
    assert (first["data"], first["seeds"], second["data"]) == (1.0, [0], 0.1)
    assert first["figures"]["test_score"] == {
        "kind": "at_least", "claimed": 0.9, "obtained": 0.95, "spread": None, "verdict": "held"
    }  # fmt: skip
    assert first["figures"]["train_loss"]["obtained"] == 0.123457
    assert second["figures"]["test_score"]["verdict"] == "not held"


def test_repeated_seeds_are_one_row(folder, recorded):
    recorded.append(sweep(trial("a", 0.9), trial("b", 1.0, seed=1)))
    (first, second) = collected(folder, STORE)["experiments"]["one"]["rows"]
    assert first["seeds"] == [0, 1]
    assert first["figures"]["test_score"]["obtained"] == 0.95
    assert (second["data"], second["figures"]["test_score"]["verdict"]) == (None, "not run")


def test_a_sweep_is_told_without_the_place_of_its_store(folder, recorded):
    recorded.append(sweep(trial("a", 0.9)))
    (told,) = collected(folder, STORE, "2 cores")["experiments"]["one"]["sweeps"]
    assert told == {
        "command": "gridwright -m experiment=paper/one", "date": "2026-01-31", "seconds": 61,
        "continued": False,
        "commit": "0123+", "data": [1.0], "trials": 1, "failed": 0, "versions": {"numpy": "2"}, "machine": "2 cores",
    }  # fmt: skip


def test_a_folder_without_claims_is_refused(tmp_path, recorded):
    with pytest.raises(ConfigurationError, match="claims anything"):
        collected(tmp_path, STORE)


def test_the_command_writes_the_file_and_the_page(folder, recorded, capsys):
    (folder / "README.jinja").write_text("{{ table('one') }}\n")
    assert main([str(folder)]) == 2
    assert "needs results.json, which is not there" in capsys.readouterr().err
    recorded.append(sweep(trial("a", 0.9)))
    assert main([str(folder), "--tracking", STORE, "--machine", "2 cores"]) == 0
    (told,) = json.loads((folder / "results.json").read_text())["experiments"]["one"]["sweeps"]
    assert told["machine"] == "2 cores"
    page = (folder / "README.md").read_text()
    assert "| `eta=0.1` | 0.9 | 0.9 |" in page
    (folder / "README.md").unlink()
    assert main([str(folder)]) == 0
    assert (folder / "README.md").read_text() == page


def test_a_second_store_adds_to_the_file(folder, recorded):
    (folder / "README.jinja").write_text("{{ table('one') }}\n{{ commands('one') }}\n")
    recorded.append(sweep(trial("a", 0.9)))
    main([str(folder), "--tracking", STORE, "--machine", "2 cores"])
    recorded[:] = [sweep(trial("b", 0.95, eta=1))]
    main([str(folder), "--tracking", STORE, "--machine", "a GPU"])
    page = (folder / "README.md").read_text()
    assert "| `eta=0.1` | 0.9 | 0.9 |" in page
    assert "| `eta=1` | 0.9 | 0.95 |" in page
    assert "1 trial in 61 s on A, " in page
    assert "1 trial in 61 s on B, " in page


def test_a_file_that_is_no_json_is_told(folder, capsys):
    (folder / "README.jinja").write_text("")
    (folder / "results.json").write_text("{")
    assert main([str(folder)]) == 2
    assert "results.json cannot be read" in capsys.readouterr().err
