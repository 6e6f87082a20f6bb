import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """A trial has one CPU core; without a limit OpenMP's threads wait for each other."""
    import sklearn.ensemble  # noqa: F401 - brings OpenMP

    with threadpool_limits(1):
        yield
