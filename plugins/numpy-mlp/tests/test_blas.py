import numpy as np
import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from numpy_mlp import MLPClassifier
from numpy_mlp.blas import AXPY, SCAL, blas_threads


def threads():
    return {pool["num_threads"] for pool in ThreadpoolController().select(user_api="blas").info()}


def test_training_uses_the_threads_it_is_told_and_gives_them_back(iris):
    x_train, _, y_train, _ = iris
    seen = []
    with threadpool_limits(2):
        for wanted in (1, 2, None):
            MLPClassifier(epoch=1, threads=wanted).fit(
                x_train, y_train, on_epoch=lambda _: seen.append(threads())
            )
        assert threads() == {2}
    assert seen == [{1}, {2}, {2}]


def test_a_training_that_fails_gives_them_back_too(iris):
    x_train, _, y_train, _ = iris

    def fail(record):
        raise RuntimeError("stop")

    with threadpool_limits(2):
        with pytest.raises(RuntimeError, match="stop"):
            MLPClassifier(epoch=1).fit(x_train, y_train, on_epoch=fail)
        assert threads() == {2}


def test_blocks_that_overlap():
    with threadpool_limits(2):
        outer, inner = blas_threads(1), blas_threads(1)
        outer.__enter__()
        inner.__enter__()
        outer.__exit__(None, None, None)
        assert threads() == {1}
        inner.__exit__(None, None, None)
        assert threads() == {2}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_routines_work_in_place(dtype):
    x, y = np.array([1.0, 2.0], dtype), np.array([10.0, 20.0], dtype)
    AXPY[y.dtype.char](x, y, a=0.5)
    np.testing.assert_array_equal(y, [10.5, 21.0])
    SCAL[y.dtype.char](2.0, y)
    np.testing.assert_array_equal(y, [21.0, 42.0])
