"""A few real digits, from the folder of data sets beside the project where there is one."""

from pathlib import Path

import numpy as np
import pytest

from keras_cnn import CNN

MNIST = Path(__file__).parents[4] / "shared" / "datasets" / "mnist.npz"


@pytest.mark.skipif(not MNIST.is_file(), reason=f"no {MNIST}")
def test_digits_are_recognised(tmp_path):
    with np.load(MNIST, allow_pickle=False) as arrays:
        x_train, y_train = arrays["x_train"][:600], arrays["y_train"][:600]
        x_test, y_test = arrays["x_test"][:300], arrays["y_test"][:300]
    model = CNN(
        [
            {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "activation": "relu"},
            {"layer": "MaxPooling2D"},
            {"layer": "Flatten"},
        ],
        epochs=8,
        batch_size=32,
        learning_rate=0.01,
        seed=0,
    )
    model.fit(x_train, y_train)
    assert model.score(x_test, y_test) > 0.8
    model.save(tmp_path)
    np.testing.assert_allclose(
        CNN.load(tmp_path).predict_proba(x_test), model.predict_proba(x_test), rtol=0, atol=1e-6
    )
