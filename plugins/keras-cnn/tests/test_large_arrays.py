"""Samples that are larger than memory: read in pieces, with the results that a whole has."""

import numpy as np
import pytest

from keras_cnn import estimator, feeding, large_arrays, lending
from keras_cnn.estimator import CNN
from keras_cnn.large_arrays import moments, pieces

X = np.random.default_rng(0).normal(3, 2, (90, 4, 5))
LAYERS = ["Flatten", {"layer": "Dense", "units": 4, "activation": "relu"}]


@pytest.fixture
def small_pieces(monkeypatch):
    for module in (large_arrays, feeding, estimator):
        monkeypatch.setattr(module, "LARGE", 1000)


def test_pieces_are_all_rows_in_order(small_pieces):
    assert [len(piece) for piece in pieces(X)] == [6] * 15
    np.testing.assert_array_equal(np.concatenate(list(pieces(X))), X)


def test_moments_are_those_of_the_whole(monkeypatch):
    rows = X.astype(np.float32).reshape(-1, 5)
    whole = moments(X)
    np.testing.assert_array_equal(whole, [rows.mean(0, np.float64), rows.var(0, np.float64)])
    monkeypatch.setattr(large_arrays, "LARGE", 1100)
    np.testing.assert_allclose(moments(X), whole, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_a_mapped_file_trains_as_an_array_does(dtype, tmp_path, monkeypatch):
    x = (X * 10).clip(0, 255).astype(dtype)
    y = np.arange(90) % 3
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")

    def trained(samples):
        lending.forget()
        model = CNN(LAYERS, epochs=2, batch_size=16, seed=1)
        histories = model.fit(samples, y, validation=(samples[:20], y[:20]))
        return *histories, model.predict_proba(samples), model.score(samples, y)

    inside = trained(x)
    for module in (large_arrays, feeding, estimator):
        monkeypatch.setattr(module, "LARGE", 1000)
    kept = dict(feeding._tensors)
    outside = trained(mapped)
    for one, other in zip(inside, outside, strict=True):
        # Scaling of numbers is combined from pieces, in another order.
        np.testing.assert_allclose(other, one, rtol=0 if dtype == "uint8" else 1e-4)
    assert all(
        tensor.shape != x.shape for key, (_, tensor) in feeding._tensors.items() if key not in kept
    )


def test_a_number_that_is_not_finite_is_found_in_any_piece(small_pieces):
    x = X.copy()
    x[80, 0, 0] = np.inf
    with pytest.raises(estimator.DatasetError, match="samples must be finite numbers"):
        CNN(LAYERS, epochs=1).fit(x, np.arange(90) % 3)


@pytest.mark.parametrize(
    ("shape", "rows"),
    [((9, 4), 256), ((9, 32, 32, 3), 256), ((9, 512, 512, 3), 10), ((9, 4096, 4096), 1)],
)
def test_few_large_samples_are_scored_at_once(shape, rows):
    assert large_arrays.rows_scored(np.broadcast_to(np.uint8(0), shape)) == rows
