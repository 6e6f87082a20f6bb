"""Checkpoints of trials: written whole, read once, dropped when they are broken."""

import json
import logging

import numpy as np
import pytest

from gridwright.checkpoints import Checkpoints
from gridwright.contract import EpochRecord, Failure, TrialResult, TrialSpec
from gridwright.datasets import load, split
from gridwright.errors import ModelFileError
from gridwright.trial import run_trial

IRIS = {"name": "iris", "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}


class Killed(BaseException):
    """What ends the process in the middle of an epoch, as far as a trial can tell."""


class Counting:
    """Its loss in an epoch is the sum of all epochs, so that a lost one is seen."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.epoch, self.total = 0, 0
        self.trained = []

    def fit(self, x, y, validation=None, on_epoch=None):
        while self.epoch < self.parameters.get("epochs", 6):
            if self.epoch == self.parameters.get("killed_after"):
                raise Killed
            if self.epoch == self.parameters.get("fails_after"):
                raise RuntimeError("no memory")
            self.epoch += 1
            self.total += self.epoch
            self.trained.append(self.epoch)
            if on_epoch(EpochRecord(self.epoch, float(self.total), 0.5)):
                return

    def predict(self, x):
        return np.zeros(len(x), dtype=int)

    def predict_proba(self, x):
        return np.full((len(x), 3), 1 / 3)

    def score(self, x, y):
        return 0.0

    def save(self, folder):
        (folder / "model").write_text("x")

    def save_checkpoint(self, folder):
        if self.parameters.get("full_disk"):
            raise OSError("no space left on device")
        (folder / "state.json").write_text(json.dumps([self.epoch, self.total]))

    def load_checkpoint(self, folder):
        if self.parameters.get("refuses"):
            raise ModelFileError("another version")
        self.epoch, self.total = json.loads((folder / "state.json").read_text())


class Plugin:
    name, version, requirements = "counting", "1", ()

    def build(self, parameters, task, data, seed):
        self.built = Counting(parameters)
        return self.built


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints", 0.0)


@pytest.fixture(scope="module")
def data():
    return split(load(IRIS), IRIS, "validation")


def spec(**parameters):
    return TrialSpec(
        "key", 0, "counting", parameters, {}, (), "iris", "iris", "d", "1", 0, "validation", ""
    )


def run(checkpoints, data, **parameters):
    plugin = Plugin()
    result = run_trial(spec(**parameters), data, plugin, checkpoints=checkpoints)
    return result, plugin.built


def interrupt(checkpoints, data, after=3):
    with pytest.raises(Killed):
        run(checkpoints, data, killed_after=after)


def test_a_killed_trial_goes_on_with_the_next_epoch(checkpoints, data):
    whole, _ = run(None, data)
    interrupt(checkpoints, data)
    before = json.loads((checkpoints.folder / "key" / "3" / "progress.json").read_text())
    result, estimator = run(checkpoints, data)
    assert estimator.trained == [4, 5, 6]
    np.testing.assert_array_equal(result.histories["loss"], whole.histories["loss"])
    assert result.metrics["resumed_epoch"] == 3
    assert result.metrics["epochs_run"] == 6
    assert result.metrics["fit_seconds"] > before["fit_seconds"] > 0
    assert result.started_ms == before["started_ms"]
    assert result.epoch_ms[:3].tolist() == before["epoch_ms"]
    assert (np.diff(result.epoch_ms) >= 0).all()


def test_a_trial_that_was_not_interrupted_says_nothing_of_it(checkpoints, data):
    result, _ = run(checkpoints, data)
    assert "resumed_epoch" not in result.metrics


def test_only_the_newest_state_is_kept(checkpoints, data):
    interrupt(checkpoints, data)
    assert [path.name for path in (checkpoints.folder / "key").iterdir()] == ["3"]


def test_a_half_written_state_is_no_state(checkpoints, data):
    interrupt(checkpoints, data, after=2)
    folder = checkpoints.folder / "key"
    (folder / "3.1234.tmp" / "estimator").mkdir(parents=True)
    _, estimator = run(checkpoints, data)
    assert estimator.trained[0] == 3


@pytest.mark.parametrize("damage", ["cut", "version", "absent", "altered", "progress"])
def test_what_cannot_be_read_is_dropped_with_a_sentence(checkpoints, data, caplog, damage):
    interrupt(checkpoints, data)
    folder = checkpoints.folder / "key" / "3"
    state, progress = folder / "estimator" / "state.json", folder / "progress.json"
    if damage == "cut":
        progress.write_text(progress.read_text()[:20])
    if damage == "version":
        progress.write_text(json.dumps(json.loads(progress.read_text()) | {"version": 99}))
    if damage == "absent":
        state.unlink()
    if damage == "altered":
        state.write_text("[3, 7]")
    if damage == "progress":
        progress.write_text("[]")
    result, estimator = run(checkpoints, data)
    assert estimator.trained == [1, 2, 3, 4, 5, 6]
    assert "resumed_epoch" not in result.metrics
    assert result.failure is None
    assert "is dropped, it cannot be read" in caplog.text


def test_a_state_that_the_estimator_refuses_is_dropped(checkpoints, data, caplog):
    interrupt(checkpoints, data)
    _, estimator = run(checkpoints, data, refuses=True)
    assert estimator.trained[0] == 1
    assert "another version" in caplog.text


def test_a_disk_that_is_full_costs_the_checkpoint_only(checkpoints, data, caplog):
    result, _ = run(checkpoints, data, full_disk=True)
    assert result.failure is None
    assert "no checkpoint after epoch 1: no space left on device" in caplog.text


def test_states_are_written_no_more_often_than_asked(tmp_path, data):
    with pytest.raises(Killed):
        run(Checkpoints(tmp_path / "rare", 3600.0), data, killed_after=5)
    assert not (tmp_path / "rare").exists()


def test_a_state_that_takes_long_is_written_less_often(tmp_path, data, monkeypatch):
    clock = iter(np.arange(0.0, 100.0, 1.0))
    checkpoints = Checkpoints(tmp_path / "slow", 0.5)
    monkeypatch.setattr("gridwright.checkpoints.time.monotonic", lambda: float(next(clock)))
    interrupt(checkpoints, data, after=5)
    assert [path.name for path in (checkpoints.folder / "key").iterdir()] == ["1"]


def test_an_estimator_that_cannot_go_on_leaves_nothing(checkpoints, data):
    class Plain:
        fit, predict, predict_proba = Counting.fit, Counting.predict, Counting.predict_proba
        score, save = Counting.score, Counting.save

        def __init__(self):
            self.parameters, self.epoch, self.total, self.trained = {}, 0, 0, []

    class PlainPlugin(Plugin):
        def build(self, parameters, task, data, seed):
            return Plain()

    result = run_trial(spec(), data, PlainPlugin(), checkpoints=checkpoints)
    assert result.failure is None
    assert not checkpoints.folder.exists()


def result_of(failure=None, **metrics):
    return TrialResult("key", 0, 1, np.zeros(0), {}, metrics, failure)


@pytest.mark.parametrize(
    ("result", "stays"),
    [
        (result_of(), False),
        (result_of(Failure("diverged", "nan", 3)), False),
        (result_of(Failure("error", "no memory", 4)), True),
        (result_of(Failure("error", "no memory", 5), resumed_epoch=3.0), False),
    ],
)
def test_a_result_settles_the_checkpoint(checkpoints, data, result, stays, caplog):
    caplog.set_level(logging.ERROR)
    interrupt(checkpoints, data)
    checkpoints.settle(result)
    assert (checkpoints.folder / "key").exists() is stays
