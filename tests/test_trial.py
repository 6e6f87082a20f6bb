import logging
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from sklearn.naive_bayes import GaussianNB

from gridwright.contract import EpochRecord, TrialSpec
from gridwright.datasets import load, split
from gridwright.errors import TrainingDiverged
from gridwright.trial import _thread_pools, run_trial, trial_key

DATASETS = {
    name: {"name": name, "test_fraction": 0.2, "validation_fraction": 0.2, "split_seed": 0}
    for name in ("iris", "diabetes")
}


class Estimator:
    """Naive Bayes or the mean of the targets, and whatever a test wants to happen in `fit`."""

    def __init__(self, parameters, data, seed):
        self.parameters, self.data, self.seed = parameters, data, seed

    def fit(self, x, y, validation=None, on_epoch=None):
        self.validation = validation
        if self.data.task == "classification":
            self.model = GaussianNB().fit(x, y)
        else:
            self.mean = np.mean(y, axis=0)
        for epoch in range(1, self.parameters.get("epochs", 3) + 1):
            self.parameters.get("during", lambda epoch: None)(epoch)
            value = None if validation is None else 2.0 / epoch
            loss = self.parameters.get("loss", 1.0 / epoch)
            record = EpochRecord(epoch, loss, epoch / 10, value, value and 0.5)
            if on_epoch is not None and on_epoch(record):
                return

    def predict(self, x):
        if self.data.task == "regression":
            return np.repeat(self.mean[None], len(x), axis=0) * self.parameters.get("factor", 1)
        return self.model.predict(x)

    def predict_proba(self, x):
        return self.model.predict_proba(x) * self.parameters.get("factor", 1)

    def score(self, x, y):
        return accuracy_score(y, self.predict(x))

    def save(self, folder):
        (folder / "deep" / "er").mkdir(parents=True)
        (folder / "a.json").write_text("{}")
        (folder / "deep" / "er" / "b.bin").write_bytes(b"\x00\x01")


class Plugin:
    name, version, requirements = "stub", "1.2", ()

    def build(self, parameters, task, data, seed):
        parameters.get("building", lambda: None)()
        self.built = Estimator(parameters, data, seed)
        return self.built


def spec_of(dataset="iris", rank_by="validation", parameters=None, config=None):
    return TrialSpec(
        key="key",
        index=0,
        model="stub",
        parameters=parameters or {},
        config=config or {},
        overrides=(),
        dataset=dataset,
        dataset_key=dataset,
        data_digest="digest",
        plugin_version="1.2",
        seed=3,
        rank_by=rank_by,
        command="",
    )


def trial(dataset="iris", rank_by="validation", on_epoch=None, config=None, **parameters):
    """Return the result of a trial, its data and the estimator that was trained."""
    node = DATASETS[dataset]
    data = split(load(node), node, rank_by)
    plugin = Plugin()
    spec = spec_of(dataset, rank_by, parameters, config)
    result = run_trial(spec, data, plugin, on_epoch)
    return result, data, getattr(plugin, "built", None)


def fail(error):
    raise error


CONFIG = {"dataset": {"name": "iris", "limit": None}, "model": {"eta": 0.1}, "seed": 0}


class TestKey:
    def key(self, changes=None, digest="d", version="1"):
        return trial_key(CONFIG | (changes or {}), digest, version)

    def test_it_is_a_sha256(self):
        assert len(bytes.fromhex(self.key())) == 32

    def test_everything_that_decides_the_result_changes_it(self):
        keys = {
            self.key(),
            self.key({"seed": 1}),
            self.key({"dataset": {"name": "iris", "limit": 5}}),
            self.key({"model": {"eta": 0.2}}),
            self.key({"model": {"eta": 0.1, "mu": None}}),
            self.key({"rank_by": "test"}),
            self.key(digest="e"),
            self.key(version="2"),
        }
        assert len(keys) == 8

    def test_where_it_runs_and_is_kept_does_not(self):
        for name in ("hydra", "promote", "resources", "top", "tracking"):
            assert self.key({name: {"anything": 1}}) == self.key()

    def test_the_order_of_keys_does_not(self):
        backwards = dict(reversed(CONFIG.items()))
        assert trial_key(backwards, "d", "1") == self.key()


class TestFinished:
    def test_the_metrics_are_those_of_scikit_learn(self):
        result, data, model = trial()
        assert result.failure is None
        for part in ("train", "validation", "test"):
            x, y = getattr(data, f"x_{part}"), getattr(data, f"y_{part}")
            probabilities = model.predict_proba(x)
            assert result.metrics[f"{part}_score"] == accuracy_score(y, model.predict(x))
            assert result.metrics[f"{part}_loss"] == pytest.approx(log_loss(y, probabilities))

    def test_a_regression_gets_mean_squared_error_and_r2(self):
        result, data, model = trial("diabetes")
        for part in ("train", "validation", "test"):
            y, values = getattr(data, f"y_{part}"), model.predict(getattr(data, f"x_{part}"))
            assert result.metrics[f"{part}_loss"] == pytest.approx(mean_squared_error(y, values))
            assert result.metrics[f"{part}_score"] == r2_score(y, values)

    def test_several_outputs(self):
        node = DATASETS["diabetes"]
        whole = load(node)
        data = split(replace(whole, y=np.stack([whole.y, -whole.y], axis=1)), node, "validation")
        result = run_trial(spec_of("diabetes"), data, Plugin())
        assert result.failure is None
        assert result.probe_predictions.shape == (89, 2)

    def test_histories_and_times_have_one_entry_an_epoch(self):
        result, _, _ = trial(epochs=5)
        assert list(result.histories) == ["loss", "score", "val_loss", "val_score"]
        np.testing.assert_allclose(result.histories["loss"], 1 / np.arange(1, 6))
        np.testing.assert_allclose(result.histories["val_score"], [0.5] * 5)
        assert result.epoch_ms.dtype == np.int64
        times = [result.started_ms, *result.epoch_ms.tolist(), result.ended_ms]
        assert times == sorted(times)
        assert len(times) == 7
        assert result.metrics["epochs_run"] == 5

    def test_ranking_by_test_validates_on_the_test_part_and_says_test(self):
        result, data, model = trial(rank_by="test")
        assert model.validation[0] is data.x_test
        assert "val_score" in result.histories
        assert "test_score" in result.metrics
        assert "validation_score" not in result.metrics

    def test_without_a_validation_part_there_are_no_validation_values(self):
        node = DATASETS["iris"]
        data = replace(split(load(node), node, "test"), x_validation=None, y_validation=None)
        result = run_trial(spec_of(rank_by="test"), data, Plugin())
        assert list(result.histories) == ["loss", "score"]

    def test_without_a_test_part_the_training_part_is_probed(self):
        node = DATASETS["iris"] | {"test_fraction": None}
        data = split(load(node), node, "validation")
        plugin = Plugin()
        result = run_trial(spec_of(), data, plugin)
        assert "test_score" not in result.metrics
        np.testing.assert_array_equal(
            result.probe_predictions, plugin.built.predict_proba(data.x_train[result.probe_rows])
        )

    def test_the_probe_is_spread_over_at_most_200_rows_of_the_test_part(self):
        node = DATASETS["diabetes"] | {"test_fraction": 0.6}
        data = split(load(node), node, "validation")
        result = run_trial(spec_of("diabetes"), data, Plugin())
        assert result.probe_rows.shape == result.probe_predictions.shape == (200,)
        assert (result.probe_rows[0], result.probe_rows[-1]) == (0, len(data.x_test) - 1)
        assert len(set(result.probe_rows.tolist())) == 200

    def test_the_model_files_are_read_back_with_their_paths(self):
        result, _, _ = trial()
        assert result.files == {"a.json": b"{}", "deep/er/b.bin": b"\x00\x01"}

    def test_the_seed_and_the_parameters_reach_the_plugin(self):
        _, data, model = trial(epochs=2)
        assert (model.seed, model.parameters, model.data) == (3, {"epochs": 2}, data.description)

    def test_a_result_travels_between_processes(self):
        result, _, _ = trial()
        assert pickle.loads(pickle.dumps(result)).metrics == result.metrics


class TestListener:
    def test_it_hears_every_epoch(self):
        heard = []
        result, _, _ = trial(epochs=4, on_epoch=heard.append)
        assert [record.epoch for record in heard] == [1, 2, 3, 4]
        assert result.failure is None

    def test_its_request_to_stop_reaches_the_estimator(self):
        result, _, _ = trial(epochs=10, on_epoch=lambda record: record.epoch == 2)
        assert result.metrics["epochs_run"] == 2
        assert result.failure is None
        assert result.files


class TestFailed:
    def test_a_divergence_is_a_result_with_its_epoch_and_what_came_before(self):
        def overflow(epoch):
            if epoch == 3:
                raise TrainingDiverged(3, "the loss is inf")

        result, _, _ = trial(during=overflow)
        assert result.failure.kind == "diverged"
        assert (result.failure.reason, result.failure.epoch) == ("the loss is inf", 3)
        assert len(result.histories["loss"]) == 2
        assert result.files == {}
        assert result.probe_predictions is None
        assert result.metrics.keys() == {"fit_seconds", "epochs_run"}

    @pytest.mark.parametrize("loss", [float("nan"), float("inf")])
    def test_a_loss_that_the_estimator_lets_pass_is_a_divergence(self, loss):
        result, _, _ = trial(loss=loss)
        assert result.failure.kind == "diverged"
        assert (result.failure.epoch, result.failure.reason) == (1, f"the loss is {loss}")

    @pytest.mark.parametrize("dataset", ["iris", "diabetes"])
    def test_predictions_that_are_not_finite_are_a_divergence(self, dataset):
        result, _, _ = trial(dataset, factor=float("nan"))
        assert result.failure.kind == "diverged"
        assert (result.failure.epoch, result.failure.reason) == (3, "the final train_loss is nan")
        assert "train_loss" not in result.metrics

    def test_an_error_keeps_its_traceback_and_its_epoch(self):
        def stumble(epoch):
            if epoch == 2:
                raise ZeroDivisionError("two\nlines")

        result, _, _ = trial(during=stumble)
        assert result.failure.kind == "error"
        assert result.failure.reason == "ZeroDivisionError: two lines"
        assert result.failure.epoch == 2
        assert "in stumble" in result.failure.traceback

    def test_an_error_outside_of_training_has_no_epoch(self):
        result, _, _ = trial(building=lambda: fail(MemoryError("too large")))
        assert (result.failure.kind, result.failure.epoch) == ("error", None)
        assert result.failure.reason == "MemoryError: too large"
        assert result.histories == {}
        assert result.epoch_ms.shape == (0,)

    def test_an_interrupt_is_no_result(self):
        with pytest.raises(KeyboardInterrupt):
            trial(during=lambda epoch: fail(KeyboardInterrupt()))

    @pytest.mark.parametrize(
        ("method", "value", "reason"),
        [
            (
                "predict_proba",
                np.ones((2, 2)),
                "predict_proba must return an array of shape (96, 3), not (2, 2)",
            ),
            ("save", None, "Estimator.save wrote no file"),
        ],
    )
    def test_a_broken_contract_is_named(self, monkeypatch, method, value, reason):
        monkeypatch.setattr(Estimator, method, lambda self, argument: value)
        result, _, _ = trial()
        assert result.failure.kind == "error"
        assert reason in result.failure.reason


class TestSurroundings:
    def test_what_the_training_prints_is_kept_and_does_not_reach_the_terminal(self, capsys):
        def talk(epoch):
            print("to out", epoch)
            print("to err", epoch, file=sys.stderr)

        result, _, _ = trial(during=talk, epochs=2)
        assert result.log == "to out 1\nto err 1\nto out 2\nto err 2\n"
        assert capsys.readouterr() == ("", "")

    def test_a_failed_trial_keeps_what_it_printed(self):
        def talk_and_fail(epoch):
            print("before")
            raise ValueError

        result, _, _ = trial(during=talk_and_fail)
        assert result.log == "before\n"

    def test_a_logging_handler_made_in_a_trial_is_heard_after_it(self, capsys):
        logger = logging.getLogger("made in a trial")
        result, _, _ = trial(
            epochs=1, during=lambda epoch: logger.addHandler(logging.StreamHandler())
        )
        logger.warning("afterwards")
        assert result.log == ""
        assert capsys.readouterr().err == "afterwards\n"

    def test_native_threads_keep_to_the_cpus_of_the_trial(self):
        file = Path(__file__).with_name("threads_of_trial.py")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", file],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert "2 passed" in done.stdout

    def test_the_thread_pools_are_searched_once_for_many_trials(self):
        trial()  # imports what the next ones need
        _thread_pools.cache_clear()
        for _ in range(3):
            trial()
        assert _thread_pools.cache_info().misses == 1
