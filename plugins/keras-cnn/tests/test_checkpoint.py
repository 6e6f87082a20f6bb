"""A training that was cut off and goes on ends as the uninterrupted one."""

import json

import numpy as np
import pytest

from gridwright.contract import Checkpointable
from gridwright.errors import ModelFileError
from keras_cnn import CNN, runtime

LAYERS = [
    {"layer": "RandomFlip"},
    {"layer": "Conv2D", "filters": 3, "kernel_size": 3, "activation": "relu"},
    {"layer": "BatchNormalization"},
    {"layer": "Dropout", "rate": 0.3},
    {"layer": "Flatten"},
]
RATE = {"name": "CosineDecay", "initial_learning_rate": 0.01}
STOPPING = {"patience": 2, "restore_best_weights": True, "monitor": "val_score"}


class Killed(BaseException):
    pass


def network(**changes):
    settings = {"epochs": 4, "batch_size": 50, "learning_rate": RATE, "seed": 7} | changes
    return CNN(LAYERS, **settings)


@pytest.fixture(scope="module")
def parts(make_pictures):
    x, y = make_pictures(n=160)
    return x[:120], y[:120], (x[120:], y[120:])


def cut_off(model, parts, folder, after=2):
    """Train until a checkpoint of the epoch `after` is written, and no further."""
    folder.mkdir()

    def kill(record):
        if record.epoch == after:
            model.save_checkpoint(folder)
            raise Killed

    with pytest.raises(Killed):
        model.fit(*parts, on_epoch=kill)


def went_on(model, parts, folder):
    model.load_checkpoint(folder)
    records = []
    model.fit(*parts, on_epoch=records.append)
    return records


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"learning_rate": 0.01, "optimizer": {"name": "sgd", "momentum": 0.9}},
        {"early_stopping": STOPPING, "epochs": 6},
    ],
    ids=["adam with a schedule", "momentum", "early stopping"],
)
def test_it_ends_as_if_nothing_had_happened(parts, tmp_path, changes):
    whole, whole_records = network(**changes), []
    whole.fit(*parts, on_epoch=whole_records.append)
    cut_off(network(**changes), parts, tmp_path / "state")
    continued = network(**changes)
    records = went_on(continued, parts, tmp_path / "state")
    assert records == whole_records[2:]
    assert len(records) >= 1
    np.testing.assert_array_equal(continued.predict_proba(parts[0]), whole.predict_proba(parts[0]))


def test_it_goes_on_also_in_a_network_that_another_trial_has_used(parts, tmp_path):
    whole = network()
    whole.fit(*parts)
    first = network()
    first.shares_networks = True
    cut_off(first, parts, tmp_path / "state")
    keras_network = first.network
    del first
    continued = network()
    continued.shares_networks = True
    went_on(continued, parts, tmp_path / "state")
    assert continued.network is keras_network
    np.testing.assert_array_equal(continued.predict_proba(parts[0]), whole.predict_proba(parts[0]))


def test_nothing_is_trained_after_the_last_epoch(parts, tmp_path):
    cut_off(network(), parts, tmp_path / "state", after=4)
    whole, continued = network(), network()
    whole.fit(*parts)
    assert went_on(continued, parts, tmp_path / "state") == []
    np.testing.assert_array_equal(continued.predict(parts[0]), whole.predict(parts[0]))


def test_a_training_that_had_stopped_does_not_start_again(parts, tmp_path):
    stopping = {"patience": 0, "min_delta": 100, "restore_best_weights": True}
    model = network(early_stopping=stopping)
    folder = tmp_path / "state"
    folder.mkdir()
    records = []

    def save(record):
        records.append(record)
        if model.network.stop_training:
            model.save_checkpoint(folder)

    model.fit(*parts, on_epoch=save)
    assert len(records) == 2
    continued = network(early_stopping=stopping)
    assert went_on(continued, parts, folder) == []
    np.testing.assert_array_equal(continued.predict(parts[0]), model.predict(parts[0]))


def test_no_pickle_and_nothing_of_another_version_is_read(parts, tmp_path):
    folder = tmp_path / "state"
    cut_off(network(), parts, folder)
    assert isinstance(network(), Checkpointable)
    settings = folder / "state.json"
    stored = json.loads(settings.read_text())
    settings.write_text(json.dumps(stored | {"keras": "Keras 2.0 on tensorflow"}))
    with pytest.raises(ModelFileError, match=r"a training of Keras 2\.0 on tensorflow"):
        network().load_checkpoint(folder)
    settings.write_text(json.dumps(stored))
    np.savez(folder / "state.npz", network_0=np.array([{}], dtype=object))
    with pytest.raises(ModelFileError, match="no whole state"):
        network().load_checkpoint(folder)
    (folder / "state.npz").unlink()
    with pytest.raises(ModelFileError, match="no whole state"):
        network().load_checkpoint(folder)


def test_the_state_of_another_network_is_refused(parts, tmp_path):
    cut_off(network(), parts, tmp_path / "state")
    other = CNN(["Flatten"], epochs=4, seed=7)
    other.load_checkpoint(tmp_path / "state")
    with pytest.raises(ModelFileError, match="belongs to another network"):
        other.fit(*parts)


def test_the_order_of_the_samples_needs_no_state():
    from keras_cnn.feeding import SampleOrder

    runtime.keras()
    order = SampleOrder(50)
    order.seed = 3
    first = order.permutation()
    assert sorted(first.tolist()) == list(range(50))
    order.epoch = 1
    assert (order.permutation() != first).any()
    order.epoch = 0
    np.testing.assert_array_equal(order.permutation(), first)
