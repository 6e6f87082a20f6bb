"""Ray Tune's run as trials want it: quiet, with reused workers, results handed on at once."""

from __future__ import annotations

import tempfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

from ray import tune

from gridwright.sweep.queueing import Queueing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gridwright.sweep.delivery import Delivery


def run_tune(
    trainable: Any,
    delivery: Delivery,
    resources: Mapping[str, float],
    folder: Path | None = None,
    **settings: Any,
) -> Any:
    """Run Tune to its end, and return its analysis.

    Args:
        trainable: what a trial is, for Tune.
        delivery: takes the results out of Tune's hands.
        resources: of one trial, as `trial_resources` returns them.
        folder: where Tune's own files are until the end; None takes the machine's temporary folder.
        settings: what else `tune.run` is told: which trials there are, and who schedules them.

    Raises:
        Exception: what the receiver of the results raised.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gridwright-tune-", dir=folder) as storage,
        closing(Queueing(resources)) as queueing,
    ):
        analysis = tune.run(
            trainable,
            resources_per_trial=dict(resources),
            reuse_actors=True,
            storage_path=storage,
            callbacks=[delivery, queueing],
            stop=delivery.stopper,
            verbose=0,
            raise_on_failed_trial=False,
            **settings,
        )
    if delivery.error is not None:
        raise delivery.error
    return analysis
