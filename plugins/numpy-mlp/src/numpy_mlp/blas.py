"""Two BLAS routines that numpy has no name for, and the number of threads BLAS may use."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from scipy.linalg import blas
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: By dtype character: `AXPY["f"](x, y, a=2.0)` is y += 2 x, in one pass and in place.
#: Vectors must be contiguous and of exactly that dtype: BLAS would change a copy otherwise.
AXPY: Final[dict[str, Callable[..., Any]]] = {"f": blas.saxpy, "d": blas.daxpy}
#: `SCAL["f"](a, x)` is x *= a, in place; for a small network a third of a ufunc's time.
SCAL: Final[dict[str, Callable[..., Any]]] = {"f": blas.sscal, "d": blas.dscal}

_lock = threading.Lock()
_users = 0
_limit: Any = None


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


@contextmanager
def blas_threads(count: int | None) -> Iterator[None]:
    """Let BLAS use `count` threads inside the block; None leaves things as they are.

    More threads than one make small products slower, and change the order of additions and with it
    the last bits of every weight. The limit holds for the process: of blocks that overlap in time,
    the first one to start sets it and the last one to end lifts it.
    """
    global _users, _limit  # noqa: PLW0603  # BLAS has one setting for the process
    if count is None:
        yield
        return
    with _lock:
        if _users == 0:
            _limit = _controller().limit(limits=count, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limit.restore_original_limits()
                _limit = None
