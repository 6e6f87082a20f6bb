import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from numpy_mlp.blas import AXPY, SCAL


def test_threads_are_limited_and_given_back():
    file = Path(__file__).with_name("threads_of_blas.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_routines_work_in_place(dtype):
    x, y = np.array([1.0, 2.0], dtype), np.array([10.0, 20.0], dtype)
    AXPY[y.dtype.char](x, y, a=0.5)
    np.testing.assert_array_equal(y, [10.5, 21.0])
    SCAL[y.dtype.char](2.0, y)
    np.testing.assert_array_equal(y, [21.0, 42.0])
