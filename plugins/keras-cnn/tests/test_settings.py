"""Early stopping, class weights and mixed precision: rules and effects."""

from dataclasses import replace

import numpy as np
import pytest

from gridwright.errors import ConfigurationError
from keras_cnn import CNN
from keras_cnn.parameters import check


def problems(data, **changes):
    found = check({"architecture": ["Flatten"], **changes}, data)
    return [(problem.parameter, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("changes", "parameter", "words"),
    [
        ({"early_stopping": 5}, "early_stopping", "such as {patience: 5}, but got 5"),
        ({"early_stopping": {"patience": -1}}, "early_stopping.patience", "at least 0"),
        ({"early_stopping": {"patients": 1}}, "early_stopping.patients", "did you mean 'patience'"),
        ({"early_stopping": {"monitor": "accuracy"}}, "early_stopping.monitor", "val_score"),
        ({"class_weight": "even"}, "class_weight", "must be null, balanced, or a mapping"),
        ({"class_weight": {11: 1.0}}, "class_weight.11", "unknown class '11'"),
        ({"class_weight": {1: -1}}, "class_weight.1", "a number of at least 0, but got -1"),
        ({"precision": "float8"}, "precision", "choose one of float32, mixed_bfloat16"),
    ],
)
def test_what_is_wrong_is_named(digits_like, changes, parameter, words):
    ((where, message),) = problems(digits_like, **changes)
    assert where == parameter
    assert words in message


def test_what_is_right_has_no_problem(digits_like):
    assert problems(digits_like, early_stopping={"patience": 3}, class_weight="balanced") == []
    assert problems(digits_like, class_weight={0: 2.0, "1": 1}, precision="mixed_bfloat16") == []
    regression = replace(digits_like, task="regression", classes=())
    ((where, _),) = problems(regression, class_weight="balanced")
    assert where == "class_weight"


def test_early_stopping_ends_the_training_and_comes_back_to_the_best(pictures, small):
    x, y = pictures
    settings = {"patience": 1, "min_delta": 100, "restore_best_weights": True}
    model = CNN(small, epochs=9, early_stopping=settings, seed=0)
    _, validation = model.fit(x[:180], y[:180], (x[180:], y[180:]))
    assert len(validation) == 2
    probability = model.predict_proba(x[180:])
    truth = np.searchsorted(["circle", "dot", "line"], y[180:])
    cross_entropy = -np.log(probability[np.arange(60), truth]).mean()
    assert validation[0, 0] == pytest.approx(cross_entropy, abs=1e-5)


def test_early_stopping_without_a_validation_part_watches_the_training(pictures, small):
    model = CNN(small, epochs=9, early_stopping={"patience": 0, "min_delta": 100}, seed=0)
    assert len(model.fit(*pictures)) == 2
    with pytest.raises(ConfigurationError, match="there is no validation part"):
        CNN(small, early_stopping={"monitor": "val_loss"}).fit(*pictures)


def test_weights_of_classes_reach_the_loss(pictures, small):
    weights = {"circle": 0.0, "dot": 0.0, "line": 1.0}
    model = CNN(small, epochs=3, learning_rate=0.05, class_weight=weights, seed=0)
    model.fit(*pictures)
    assert set(model.predict(pictures[0])) == {"line"}


def test_balanced_weights_give_each_class_the_same_sum():
    from keras_cnn.targets import class_targets

    y = np.array(["a"] * 6 + ["b"] * 2)
    targets = class_targets(y, ("a", "b", "c"), one_hot=False)
    weight = targets.sample_weights(y, "balanced")
    assert weight[:6].sum() == pytest.approx(4)
    assert weight[6:].sum() == pytest.approx(4)
    np.testing.assert_array_equal(targets.sample_weights(y, {"b": 3}), [1.0] * 6 + [3.0] * 2)


def test_mixed_precision_computes_in_half_and_answers_in_full(pictures, small):
    x, y = pictures
    model = CNN(
        small, epochs=3, batch_size=16, learning_rate=0.01, precision="mixed_bfloat16", seed=0
    )
    history = model.fit(x, y)
    convolution = next(layer for layer in model.network.layers if type(layer).__name__ == "Conv2D")
    assert convolution.compute_dtype == "bfloat16"
    assert convolution.kernel.dtype == "float32"
    assert model.predict_proba(x).dtype == np.float32
    assert history[-1, 0] < history[0, 0]
    after = CNN(small, epochs=1, seed=0)
    after.fit(x, y)
    assert {layer.compute_dtype for layer in after.network.layers} == {"float32"}
