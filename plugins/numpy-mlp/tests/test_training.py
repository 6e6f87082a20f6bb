import tracemalloc
from itertools import pairwise

import numpy as np
import pytest

from numpy_mlp import MLPClassifier, MLPRegressor


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("extra", [{}, {"dropout": 0.3}, {"optimizer": "LBFGS"}], ids=str)
def test_the_same_seed_gives_the_same_bits(iris, dtype, extra):
    x_train, _, y_train, _ = iris
    options = {"epoch": 10, "batch_size": 16, "dtype": dtype, **extra}
    one, two, other = (
        MLPClassifier(random_state=seed, **options).fit(x_train, y_train) for seed in (1, 1, 2)
    )
    assert one.network_.parameters.dtype == dtype
    assert one.network_.parameters.tobytes() == two.network_.parameters.tobytes()
    assert one.network_.parameters.tobytes() != other.network_.parameters.tobytes()
    np.testing.assert_array_equal(one.history_, two.history_)


def test_both_precisions_learn_the_same(iris):
    x_train, _, y_train, _ = iris
    options = {"epoch": 20, "batch_size": 16, "random_state": 0}
    single = MLPClassifier(dtype="float32", **options).fit(x_train, y_train)
    double = MLPClassifier(dtype="float64", **options).fit(x_train, y_train)
    np.testing.assert_allclose(single.history_[:, 0], double.history_[:, 0], rtol=1e-3)


@pytest.mark.parametrize("batch_size", [1, 7, 50, 119, 120, 121, None])
def test_every_batch_size_sees_every_sample(iris, batch_size):
    x_train, x_test, y_train, y_test = iris
    model = MLPClassifier(epoch=20, batch_size=batch_size, eta=0.02, random_state=0)
    model.fit(x_train, y_train, (x_test, y_test))
    # With a rate of next to nothing, the running means are those of one fixed network.
    still = MLPClassifier(epoch=2, batch_size=batch_size, eta=1e-9, dtype="float64", random_state=0)
    still.fit(x_train, y_train, (x_train, y_train))
    np.testing.assert_allclose(still.history_, still.validation_history_, rtol=1e-5)


@pytest.mark.parametrize("columns", [3, 700])
def test_chunked_data_are_the_same_data(columns):
    """Small data are scaled once and gathered an epoch at a time, large ones batch by batch."""
    rng = np.random.default_rng(0)
    x = rng.normal(5.0, 3.0, (1500, columns))
    y = x[:, :2] @ [[1.0, 2.0], [3.0, -1.0]]
    weight = rng.uniform(0.5, 2.0, len(x))
    model = MLPRegressor((8,), epoch=2, eta=1e-9, batch_size=64, dtype="float64", random_state=0)
    model.fit(x, y, (x, y), sample_weight=np.ones(len(x)))
    np.testing.assert_allclose(model.history_, model.validation_history_, rtol=1e-5)
    assert model.validation_history_[-1, 1] == pytest.approx(model.score(x, y))
    weighted = MLPRegressor((8,), epoch=1, eta=1e-9, batch_size=64, dtype="float64", random_state=0)
    weighted.fit(x, y, sample_weight=weight)
    assert weighted.history_[-1, 1] == pytest.approx(weighted.score(x, y, weight), rel=1e-6)


def test_dropout_regularises_only_the_training(iris):
    x_train, x_test, y_train, y_test = iris
    model = MLPClassifier((64,), dropout=0.5, epoch=60, random_state=0)
    model.fit(x_train, y_train, (x_train, y_train))
    assert model.validation_history_[-1, 0] < model.history_[-1, 0]
    assert model.score(x_test, y_test) > 0.8


def test_a_schedule_slows_the_last_steps(iris):
    x_train, _, y_train, _ = iris

    def last_move(schedule):
        moves, parameters = [], []
        model = MLPClassifier(epoch=20, schedule=schedule, mu=0.0, random_state=0)

        def keep(record):
            parameters.append(model.network_.parameters.copy())

        model.fit(x_train, y_train, on_epoch=keep)
        moves = np.linalg.norm(np.diff(parameters, axis=0), axis=1)
        return moves[-1]

    assert last_move("StepDecay(0.1, 10)") == pytest.approx(0.1 * last_move("Constant"), rel=0.3)


@pytest.mark.parametrize("optimizer", ["GradientDescent", "Momentum", "Nesterov", "Adam"])
@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_memory_is_flat_after_the_first_epoch(optimizer, kind):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (3000, 500)).astype(kind), rng.integers(0, 10, 3000)
    current, peaks = [], []

    def measure(record):
        now, peak = tracemalloc.get_traced_memory()
        current.append(now)
        peaks.append(peak)
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        MLPClassifier((64, 32), epoch=12, optimizer=optimizer, random_state=0).fit(
            x, y, (x[:500], y[:500]), measure
        )
    finally:
        tracemalloc.stop()
    # What grows is a record of four numbers per epoch.
    assert current[-1] - current[1] < 10 * 1000
    assert max(peaks[2:]) - peaks[1] < 10 * 1000


def test_memory_beyond_the_data_is_bounded():
    """At most 2 x (parameters + activations of a batch + one shuffled batch), here for momentum."""
    rows, columns, hidden, classes, batch = 20000, 784, (128, 64), 10, 512
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (rows, columns), dtype=np.uint8)
    y = rng.integers(0, classes, rows, dtype=np.uint8)
    sizes = (columns, *hidden, classes)
    parameters = sum((i + 1) * o for i, o in pairwise(sizes))
    bound = 2 * 4 * (parameters + batch * sum(sizes[1:]) + batch * columns)
    peaks = []

    def measure(record):
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        MLPClassifier(hidden, epoch=2, batch_size=batch).fit(x, y, on_epoch=measure)
    finally:
        tracemalloc.stop()
    assert peaks[-1] < bound
    assert peaks[0] < bound + x.nbytes  # checks and encoding at the start
