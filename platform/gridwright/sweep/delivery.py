"""Takes each result out of Tune's hands as soon as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ray.tune import Callback, Stopper

from gridwright.sweep.worker import PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from gridwright.contract import TrialResult


class Delivery(Callback):  # type: ignore[misc]  # ray ships no types
    """Hands the payload of every step on, and lets Tune neither keep nor print it.

    Attributes:
        error: what the receiver raised; Tune would wrap it, so the sweep is stopped instead and
            the caller raises it.
        stopper: stops the sweep after such an error, or once a score is good enough.
        stop_score: the sweep ends once a result has at least this `score`; None for never.
    """

    def __init__(self, deliver: Callable[[TrialResult], None]) -> None:
        self._deliver = deliver
        self.error: Exception | None = None
        self.stopper = _StopOnRequest()
        self.stop_score: float | None = None

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Take the payload out of `result`."""
        del iteration, trials, trial, info
        payload = result.pop(PAYLOAD, ())
        if not payload or self.error is not None:
            return
        if self.stop_score is not None and result["score"] >= self.stop_score:
            self.stopper.stop_now = True
        try:
            for one in payload:
                self._deliver(one)
        except Exception as error:  # noqa: BLE001 - raised again by the caller
            self.error = error
            self.stopper.stop_now = True

    def __getstate__(self) -> dict[str, Any]:
        """Leave the receiver out of Tune's pickled record of the sweep, which nobody reads."""
        return {"error": None, "stopper": None}


class _StopOnRequest(Stopper):  # type: ignore[misc]  # ray ships no types
    def __init__(self) -> None:
        self.stop_now = False

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        del trial_id, result
        return self.stop_now

    def stop_all(self) -> bool:
        return self.stop_now
