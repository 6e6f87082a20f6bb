import numpy as np
import pytest

from gridwright.errors import ModelFileError
from numpy_mlp import MLPClassifier, MLPRegressor
from numpy_mlp.plugin import plugin


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    return x, (x @ [1.0, -2.0, 0.5] + rng.normal(size=60) > 0).astype(int)


def cut_off(estimator, rows, folder, after):
    """Leave a checkpoint after some epochs, and stop there."""

    def on_epoch(record):
        if record.epoch == after:
            estimator.save_checkpoint(folder)
            return True
        return False

    estimator.fit(*rows, rows, on_epoch)
    return estimator


@pytest.mark.parametrize("optimizer", ["GradientDescent", "Momentum", "AdaDelta", "Adam"])
@pytest.mark.parametrize("more", [{}, {"patience": 4, "tolerance": 0.05}, {"dropout": 0.2}])
def test_the_rest_is_as_it_would_have_been(rows, tmp_path, optimizer, more):
    settings = {"hidden_layer": [8], "epoch": 12, "optimizer": optimizer, "random_state": 1, **more}
    whole = MLPClassifier(**settings).fit(*rows, rows)
    cut_off(MLPClassifier(**settings), rows, tmp_path, after=3)
    continued = MLPClassifier(**settings)
    continued.load_checkpoint(tmp_path)
    epochs = []
    continued.fit(*rows, rows, lambda record: epochs.append(record.epoch))
    np.testing.assert_array_equal(continued.network_.parameters, whole.network_.parameters)
    np.testing.assert_array_equal(continued.history_, whole.history_)
    np.testing.assert_array_equal(continued.validation_history_, whole.validation_history_)
    assert epochs == list(range(4, whole.n_iter_ + 1))
    # A checkpoint is for one training.
    np.testing.assert_array_equal(continued.fit(*rows, rows).history_, whole.history_)


def test_what_may_change_changes_from_there_on(rows, tmp_path):
    before = {"hidden_layer": [8], "epoch": 6, "batch_size": 16, "random_state": 1}
    cut_off(MLPClassifier(**before), rows, tmp_path, after=3)
    after = {"eta": 0.3, "mu": 0.1, "alpha": 0.01, "batch_size": None, "dropout": 0.1}
    assert set(after) == set(plugin.changeable({"optimizer": "Adam"}))
    unchanged = MLPClassifier(**before).fit(*rows)
    for name, value in after.items():
        changed = MLPClassifier(**{**before, name: value})
        changed.load_checkpoint(tmp_path)
        changed.fit(*rows)
        np.testing.assert_array_equal(changed.history_[:3], unchanged.history_[:3])
        assert not np.array_equal(changed.history_[3:], unchanged.history_[3:]), name


def test_a_training_that_was_over_stays_so(rows, tmp_path):
    settings = {"hidden_layer": [8], "epoch": 5, "random_state": 1}
    cut_off(MLPClassifier(**settings), rows, tmp_path, after=5)
    continued = MLPClassifier(**settings)
    continued.load_checkpoint(tmp_path)
    whole = MLPClassifier(**settings).fit(*rows)
    np.testing.assert_array_equal(continued.fit(*rows).history_, whole.history_)


def test_another_network_is_refused(rows, tmp_path):
    cut_off(MLPClassifier(hidden_layer=[8], epoch=2), rows, tmp_path, after=1)
    other = MLPClassifier(hidden_layer=[9], epoch=2)
    other.load_checkpoint(tmp_path)
    with pytest.raises(ModelFileError, match="belongs to another network"):
        other.fit(*rows)


def test_lbfgs_begins_anew(rows, tmp_path):
    assert plugin.changeable({"optimizer": "LBFGS"}) == ()
    with pytest.raises(ModelFileError, match="no training under way that another one can go on"):
        cut_off(MLPRegressor(optimizer="LBFGS", epoch=3), rows, tmp_path, after=1)
