"""Threads of BLAS, in a process of their own: test_blas.py runs this file.

Once another thread of a process has used OpenBLAS, it may no longer heed a new number of threads.
"""

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from numpy_mlp import MLPClassifier
from numpy_mlp.blas import blas_threads


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
