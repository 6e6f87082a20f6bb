"""Ray, started quietly, and while the driver does something else."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from gridwright.errors import SweepError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

# Ray and Tune read these when they are imported or started; what the user has set stays.
_RAY_DEFAULTS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray gives its processes 30 s to start, which a busy machine may not have for them.
    "RAY_raylet_start_wait_time_s": "60",
    # A future change of Ray's that no user of Gridwright can act on.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    # Relative paths of a trial mean the folder of the command.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # Ctrl-C reaches us as KeyboardInterrupt, instead of a result that looks complete.
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # Tune's own record of the sweep is never read: MLflow and the spool are the truth.
    "TUNE_GLOBAL_CHECKPOINT_S": "86400",
    "TUNE_WARN_THRESHOLD_S": "86400",
}

#: Characters; below it Ray opens Unix sockets, whose paths end at 107.
_LONGEST_TEMPORARY_FOLDER = 30

#: Times that Ray is started here before its failure counts: a node whose agents, Python processes,
#: take more than 15 s to start dies of it, whatever else is set (Ray's issue 65983).
_STARTS = 3


class Cluster:
    """A Ray cluster: one that is there, or one on this machine that ends with the sweep.

    Starting one takes seconds, most of them waiting for its processes, so it starts in a thread;
    `ready` waits for it.

    Args:
        address: where a running cluster is; None takes the one this process is connected to, or
            starts one.
    """

    def __init__(self, address: str | None = None) -> None:
        for name, value in _RAY_DEFAULTS.items():
            os.environ.setdefault(name, value)
        self._address = address
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="ray-start")
        self._owned = False
        self._start: Future[None] = self._executor.submit(self._init)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()

    def ready(self) -> None:
        """Wait until the cluster takes work.

        Raises:
            SweepError: there is no cluster at the address, or Ray cannot start here.
        """
        try:
            self._start.result()
        except Exception as error:  # Ray raises a bare one where its processes start too slowly
            reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            where = f"at {self._address}" if self._address else "on this machine"
            raise SweepError(
                f"Ray cannot be used {where}: {reason} (see resources.address)"
            ) from error

    def shutdown(self) -> None:
        """End what this object started; a cluster that was there before stays."""
        # A reference to one of Ray's objects that is dropped while Ray ends takes the process down
        # with it: drop all of them before, and let nothing else run meanwhile.
        gc.collect()
        self._executor.submit(self._shutdown)
        self._executor.shutdown(wait=True)

    def _shutdown(self) -> None:
        # In the thread that started Ray: once that thread is gone, Ray waits for it for 5 s.
        if self._owned:
            import ray

            ray.shutdown()
            self._owned = False

    def _init(self) -> None:
        import ray

        if ray.is_initialized():
            return
        options: dict[str, Any] = {"address": self._address}
        if self._address is None:
            # Without an address Ray joins whatever cluster somebody else has on this machine.
            options = {
                "address": "local",
                "num_cpus": available_cpus(),
                "include_dashboard": False,
            }
            if len(tempfile.gettempdir()) > _LONGEST_TEMPORARY_FOLDER:
                options["_temp_dir"] = "/tmp/ray"  # noqa: S108 - Ray's own default
        # Whatever happens to a trial is in its result; Ray's own words help nobody.
        options |= {"log_to_driver": False, "logging_level": logging.CRITICAL}
        _silence_raylet()
        _start(options, 1 if self._address else _STARTS)
        self._owned = True
        from ray import tune  # noqa: F401 - takes a second, and is needed next


def _silence_raylet() -> None:
    """Keep what Ray's own processes say of a lost worker from the terminal.

    They print a paragraph for each, whatever `log_to_driver` is; the trial's result says it in a
    sentence.
    """
    from ray._private import worker  # Ray has no setting for it

    def say_nothing(data: Any, *, ignore_prefix: bool) -> None:
        del data, ignore_prefix

    worker.print_to_stdstream = say_nothing


def _start(options: Mapping[str, Any], starts: int) -> None:
    import ray

    for left in reversed(range(starts)):
        try:
            ray.init(**options)
        except Exception as error:  # a bare one
            ray.shutdown()
            if not left or "timed out" not in str(error):
                raise
        else:
            return


def available_cpus() -> int:
    """Return the CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
