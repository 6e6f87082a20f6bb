"""The names that are checked without Keras, against Keras."""

import inspect

import numpy as np
import pytest

from keras_cnn import keras_names, network, runtime


def accepted(cls):
    return set(inspect.signature(cls.__init__).parameters)


@pytest.mark.parametrize("name", sorted(keras_names.ACTIVATIONS))
def test_activations_keep_the_shape(name):
    values = np.linspace(-2, 2, 12, dtype=np.float32).reshape(2, 6)
    assert tuple(runtime.keras().activations.get(name)(values).shape) == (2, 6)


def test_initializers_and_regularizers_exist():
    keras = runtime.keras()
    for name in keras_names.INITIALIZERS:
        assert tuple(keras.initializers.get(name)((3, 3)).shape) == (3, 3)
    for name in keras_names.REGULARIZERS:
        assert float(keras.regularizers.get(name)(np.ones((2, 2), np.float32))) > 0


@pytest.mark.parametrize("name", sorted(keras_names.OPTIMIZERS))
def test_optimizers_take_a_step(name):
    cls = getattr(runtime.keras().optimizers, keras_names.OPTIMIZER_CLASSES[name])
    assert set(keras_names.OPTIMIZERS[name]) <= accepted(cls)
    optimizer = network.optimizer(name, 0.5)
    assert float(optimizer.learning_rate) == 0.5
    variable = runtime.keras().Variable(np.ones((3, 2), np.float32))
    optimizer.build([variable])
    optimizer.apply([np.ones((3, 2), np.float32)])
    assert not np.allclose(np.asarray(variable), 1)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_losses_are_lowest_at_the_truth(task):
    if task == "classification":
        truth, wrong = np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)[::-1]
    else:
        truth, wrong = np.ones((2, 1), np.float32), -np.ones((2, 1), np.float32)
    for name, arguments in keras_names.LOSSES[task].items():
        loss = network.loss(name, task)
        assert set(arguments) <= accepted(type(loss))
        y = truth.argmax(axis=1) if name.startswith("sparse") else truth
        assert float(loss(y, truth)) < float(loss(y, wrong)), name


@pytest.mark.parametrize(
    ("task", "loss"),
    [
        ("classification", None),
        ("classification", "categorical_crossentropy"),
        ("classification", {"name": "kl_divergence"}),
        ("regression", None),
    ],
)
def test_metrics_take_the_targets_that_the_loss_compares(task, loss):
    keras = runtime.keras()
    outputs = np.full((4, 3), 1 / 3, np.float32)
    targets = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    if task == "classification" and keras_names.compares_codes(loss):
        targets = np.array([0, 1, 2, 0])
    for name in keras_names.metrics(task, loss) - {"accuracy"}:  # which Keras picks by the shapes
        metric = keras.metrics.get(name)
        metric.update_state(targets, outputs)
        assert np.isfinite(float(metric.result())), name


def test_every_task_has_a_loss_by_default():
    for task, name in keras_names.DEFAULT_LOSS.items():
        assert name in keras_names.LOSSES[task]
