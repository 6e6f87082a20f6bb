"""The batches that TensorFlow is given."""

from itertools import chain

import numpy as np
import pytest

from keras_cnn import feeding

X, Y = np.arange(20, dtype=np.uint8).reshape(10, 2), np.arange(10)


@pytest.fixture
def feed():
    feed = feeding.training_feed(X, Y, None, batch_size=4, original=(Y, ""))
    feed.order.seed = 3
    return feed


def targets_of(dataset):
    return [batch[1].numpy().tolist() for batch in dataset]


def test_an_epoch_has_every_sample_once_in_the_order_of_its_number(feed):
    epochs = []
    for feed.order.epoch in (0, 1, 0):
        batches = targets_of(feed.dataset)
        assert [len(batch) for batch in batches] == [4, 4, 2]
        assert list(chain(*batches)) == feed.order.permutation().tolist()
        epochs.append(batches)
    assert epochs[0] == epochs[2] != epochs[1]


def test_samples_arrive_as_float32_beside_their_targets(feed):
    for x, y in feed.dataset:
        assert x.dtype == np.float32
        np.testing.assert_array_equal(x, X[y.numpy()])


def test_the_validation_part_keeps_its_order():
    dataset = feeding.validation_feed(X, Y, batch_size=6, original=(Y, ""))
    assert targets_of(dataset) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]]


def test_the_end_of_an_epoch_waits_for_no_tuning_of_the_input(feed):
    validation = feeding.validation_feed(X, Y, batch_size=6, original=(Y, ""))
    for dataset in (feed.dataset, validation):
        assert dataset.options().autotune.enabled is False
