"""Models trained together end as each would have alone."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from gridwright.contract import BatchingPlugin, DataDescription
from gridwright.errors import TrainingDiverged
from numpy_mlp import MLPClassifier, MLPRegressor
from numpy_mlp.activations import ACTIVATIONS
from numpy_mlp.optimizers import OPTIMIZERS
from numpy_mlp.plugin import plugin
from numpy_mlp.together import fit_batch

#: Asked for by the contract; on one machine the bits are the same, as far as its BLAS allows.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}
FLOWERS = load_iris(return_X_y=True)
PATIENTS = load_diabetes(return_X_y=True)
FIRST_ORDER = [name for name in OPTIMIZERS if name != "LBFGS"]


def parts(x, y):
    order = np.random.default_rng(0).permutation(len(x))[:150]
    train, validation = order[:110], order[110:]
    return (x[train], y[train]), (x[validation], y[validation])


def ignore(record):
    return None


def assert_same(kind, data, cells, *, validated=True, **common):
    """Train the cells alone and together, and compare all that a training leaves."""
    (x, y), held_out = parts(*data)
    common = {"hidden_layer": [7, 5], "epoch": 6, "batch_size": 16, "random_state": 3} | common
    alone = [kind(**(common | cell)) for cell in cells]
    for one in alone:
        one.fit(x, y, held_out if validated else None)
    together = [kind(**(common | cell)) for cell in cells]
    heard = [[] for _ in cells]
    outcomes = fit_batch(
        together, x, y, held_out if validated else None, [own.append for own in heard]
    )
    assert outcomes == [None] * len(cells)
    for one, other, records in zip(alone, together, heard, strict=True):
        np.testing.assert_allclose(other.network_.parameters, one.network_.parameters, **CLOSE)
        np.testing.assert_allclose(other.history_, one.history_, **CLOSE)
        assert [[record.loss, record.score] for record in records] == other.history_.tolist()
        if validated:
            np.testing.assert_allclose(other.validation_history_, one.validation_history_, **CLOSE)
        np.testing.assert_allclose(
            np.asarray(other.predict(x) == one.predict(x)).mean(), 1.0, atol=0.02
        )


STEPS = [{"eta": 0.05, "alpha": 0.01}, {"eta": 0.01, "alpha": 0.0}, {"eta": 0.02, "alpha": 0.1}]


@pytest.mark.parametrize("optimizer", FIRST_ORDER)
@pytest.mark.parametrize("activation", [*ACTIVATIONS, "LeakyReLU(0.1)"])
def test_every_optimizer_and_activation(optimizer, activation):
    assert_same(MLPClassifier, FLOWERS, STEPS, optimizer=optimizer, activation=activation, beta=0.5)


@pytest.mark.parametrize(
    ("common", "cells"),
    [
        ({"dropout": 0.3}, [{"random_state": seed} for seed in (0, 0, 1)]),
        ({}, [{"random_state": seed, "eta": 0.02} for seed in range(5)]),
        ({}, [{"mu": 0.0}, {"mu": 0.8}, {"optimizer": "Adam"}, {"schedule": "CosineDecay"}]),
        ({"batch_size": None}, STEPS),  # one batch: nothing is shuffled, equal samples are weighted
        ({"batch_size": 110}, [{"random_state": seed} for seed in range(2)]),
        ({"hidden_layer": [64]}, STEPS),
        ({"hidden_layer": []}, STEPS),
        ({"dtype": "float64"}, STEPS),
        ({"loss": "MSE"}, STEPS),  # its gradient goes back through the softmax
        ({"initializer": "He"}, STEPS),
    ],
)  # fmt: skip
def test_every_other_setting(common, cells):
    assert_same(MLPClassifier, FLOWERS, cells, **common)
    assert_same(MLPClassifier, FLOWERS, cells, validated=False, **common)


@pytest.mark.parametrize("loss", [None, "MAE", "EpsilonInsensitive"])
def test_regressions(loss):
    assert_same(MLPRegressor, PATIENTS, STEPS, loss=loss)
    two = PATIENTS[0], np.column_stack([PATIENTS[1], PATIENTS[1] ** 2])
    assert_same(MLPRegressor, two, STEPS, loss=loss)


def test_repeated_samples_are_weighted_as_they_are_alone():
    x, y = FLOWERS
    doubled = np.concatenate([x[:60], x[:20]]), np.concatenate([y[:60], y[:20]])
    order = np.random.default_rng(1).permutation(80)
    x, y = doubled[0][order], doubled[1][order]
    common = {"hidden_layer": [5], "epoch": 5, "batch_size": None, "random_state": 0}
    alone = MLPClassifier(**common, eta=0.1).fit(x, y)
    together = [MLPClassifier(**common, eta=eta) for eta in (0.1, 0.2)]
    assert fit_batch(together, x, y, None, [ignore, ignore]) == [None, None]
    np.testing.assert_allclose(together[0].network_.parameters, alone.network_.parameters, **CLOSE)


def test_an_overflow_leaves_the_others_untouched():
    (x, y), held_out = parts(*PATIENTS)
    etas = [0.01, 1e30, 0.02]

    def models():
        return [MLPRegressor([8], eta=eta, epoch=20, random_state=0) for eta in etas]

    failed = models()[1]
    with pytest.raises(TrainingDiverged) as alone:
        failed.fit(x, y, held_out)
    together = models()
    outcomes = fit_batch(together, x, y, held_out, [ignore] * 3)
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert isinstance(outcomes[1], TrainingDiverged)
    assert (outcomes[1].epoch, outcomes[1].reason) == (alone.value.epoch, alone.value.reason)
    for index in (0, 2):
        one = models()[index].fit(x, y, held_out)
        np.testing.assert_allclose(
            together[index].network_.parameters, one.network_.parameters, **CLOSE
        )


def test_whoever_listens_stops_or_fails_one_model_only():
    (x, y), held_out = parts(*FLOWERS)

    def broken(record):
        raise ValueError("no such luck")

    together = [MLPClassifier([6], epoch=9, random_state=seed) for seed in range(3)]
    outcomes = fit_batch(
        together, x, y, held_out, [lambda record: record.epoch == 4, broken, ignore]
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, type(None)]
    assert [len(together[index].history_) for index in (0, 2)] == [4, 9]
    alone = MLPClassifier([6], epoch=9, random_state=0)
    alone.fit(x, y, held_out, lambda record: record.epoch == 4)
    np.testing.assert_allclose(together[0].network_.parameters, alone.network_.parameters, **CLOSE)


DATA = DataDescription("iris", "classification", 110, (4,), "float64", classes=(0, 1, 2))


def test_what_trains_together_has_one_key():
    assert isinstance(plugin, BatchingPlugin)
    key = plugin.batch_key({"epoch": 10}, DATA)
    assert key is not None
    for same in ({"eta": 0.5}, {"mu": 0.0}, {"alpha": 1.0}, {"optimizer": "Adam"}, {"beta": 2.0}):
        assert plugin.batch_key({"epoch": 10} | same, DATA) == key
    for other in ({"epoch": 11}, {"batch_size": 3}, {"activation": "Tanh"}, {"dropout": 0.1}):
        assert plugin.batch_key({"epoch": 10} | other, DATA) not in {key, None}


@pytest.mark.parametrize(
    "alone",
    [
        {"optimizer": "LBFGS"}, {"patience": 3}, {"hidden_layer": [65]}, {"epoch": 100_000},
        {"verbose": 1},
    ],
)  # fmt: skip
def test_what_trains_alone(alone):
    assert plugin.batch_key(alone, DATA) is None


def test_large_data_train_alone():
    large = DataDescription("big", "classification", 60_000, (28, 28), "uint8", classes=(0, 1))
    assert plugin.batch_key({"epoch": 1, "batch_size": None}, large) is None
