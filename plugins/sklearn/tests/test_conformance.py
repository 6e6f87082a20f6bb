import pytest

from gridwright.testing import ModelPluginConformance

FRAMEWORKS = ("numpy", "scipy", "sklearn", "skops")


class Sklearn(ModelPluginConformance):
    plugin_name = "sklearn"
    frameworks = FRAMEWORKS


class OneStep:
    """For estimators that have no epochs or stages."""

    def test_every_epoch_is_reported_once_and_in_order(self, plugin, data):
        records = []
        self.train(plugin, data, records.append)
        (record,) = records
        assert record.epoch == 1
        assert None not in (record.loss, record.score, record.val_loss, record.val_score)


class TestHistGradientBoosting(Sklearn):
    parameters = {
        "estimator": "HistGradientBoosting",
        "params": {"max_iter": 4, "min_samples_leaf": 5},
    }
    invalid_parameters = [
        {"estimator": "HistGradientBosting"},
        {"estimator": "os.system"},
        {"params": {"max_iter": 0}},
        {"params": {"max_iter": "many"}},
        {"params": {"max_itre": 1}},
        {"params": 3},
        {"scale": "yes"},
        {"scale_target": 1},
        {"calibrate": "platt"},
    ]


class TestNetworkOnPictures(Sklearn):
    parameters = {"estimator": "MLP", "params": {"hidden_layer_sizes": [8], "max_iter": 4}}
    invalid_parameters = [{"params": {"hidden_layer_sizes": [8, 0]}}]
    sample_shape = (4, 4, 3)
    dtype = "uint8"


class TestGradientDescent(Sklearn):
    tasks = ("classification",)
    parameters = {"estimator": "SGD", "params": {"loss": "log_loss", "max_iter": 4}}
    invalid_parameters = [{"params": {"loss": "zero"}}, {"params": {"alpha": True}}]

    def test_a_task_that_is_not_supported_is_a_problem(self, plugin):
        pytest.skip("log_loss is for classes; test_checking.py has the sentence")


class TestForest(OneStep, Sklearn):
    parameters = {"estimator": "RandomForest", "params": {"n_estimators": 5}}


class TestSupportVectors(OneStep, Sklearn):
    """Without probabilities of their own, and with scaled targets."""

    parameters = {"estimator": "SVM"}


class TestNeighbours(OneStep, Sklearn):
    parameters = {"estimator": "KNeighbors", "params": {"n_neighbors": 3}}
    invalid_parameters = [{"params": {"n_neighbors": 61}}]
