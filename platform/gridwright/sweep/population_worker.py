"""A Ray Tune trainable that trains one member of a population, part by part.

Each step is a part of `gridwright.trial_part`, from one epoch at which the population is compared
to the next. The state of a member lies in its own checkpoints; Tune's hold no more than whose state
after which epoch a member goes on from. A part that an earlier process has trained is not trained
again: its score is read, so that a population that was killed comes to where it was by itself.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray import tune

from gridwright.checkpoints import Progress
from gridwright.plugins import load_model_plugin
from gridwright.sweep.deadline import Deadline
from gridwright.sweep.epoch_worker import (
    END,
    OUT_OF_TIME_EPOCH,
    SPEC,
    last_report_of,
    report_of,
)
from gridwright.sweep.failed import failed_by
from gridwright.sweep.worker import PAYLOAD
from gridwright.trial_part import Part, run_part

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gridwright.checkpoints import Checkpoints
    from gridwright.contract import EpochRecord, Exploit, TrialResult, TrialSpec
    from gridwright.datasets import TrialData

#: Key of Tune's configuration: when the trial went on with the state of another one.
EXPLOITS = "exploits"

_NOTE = "goes_on_from.json"


class MemberTrainable(tune.Trainable):  # type: ignore[misc]  # ray ships no types
    """One member of a population; the actor is reused for others."""

    def setup(
        self,
        config: dict[str, Any],
        *,
        data: Mapping[str, TrialData] | None = None,
        checkpoints: Checkpoints | None = None,
        ends: Sequence[int] = (),
        known: Collection[str] = (),
    ) -> None:
        """Keep what all members share.

        Args:
            config: the first member.
            data: by `TrialSpec.dataset_key`.
            checkpoints: of the sweep.
            ends: the epochs after which members are compared, rising.
            known: keys of the members whose result is kept already.
        """
        assert checkpoints is not None  # noqa: S101 - Tune wants a default for all of them
        self._data = data or {}
        self._checkpoints = checkpoints
        self._ends = ends
        self._known = known
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin, or go on with, another member."""
        self._spec: TrialSpec = new_config[SPEC]
        self._exploits: tuple[Exploit, ...] = tuple(new_config[EXPLOITS])
        self._time_over: float = new_config[END]
        self._epoch, self._source = 0, self._spec.key
        self._out_of_time: int | None = None
        return True

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Note whose state after which epoch a member would go on from."""
        note = {"source": self._spec.key, "epoch": self._epoch}
        (Path(checkpoint_dir) / _NOTE).write_text(json.dumps(note), "utf-8")

    def load_checkpoint(self, checkpoint_dir: str) -> None:
        """Go on from there: the member's own state, or that of the one it exploits."""
        note = json.loads((Path(checkpoint_dir) / _NOTE).read_text("utf-8"))
        self._source, self._epoch = note["source"], note["epoch"]

    def step(self) -> dict[str, Any]:
        """Train to the next epoch at which the population is compared, or to the end."""
        part = Part(
            self._epoch,
            next((end for end in self._ends if end > self._epoch), None),
            self._source,
            self._exploits,
        )
        outcome = self._trained_before(part) or self._train(part)
        if isinstance(outcome, Progress):
            self._epoch, self._source = len(outcome.records), self._spec.key
            return report_of(outcome.records[-1])
        return self._final(outcome)

    def _trained_before(self, part: Part) -> Progress | None:
        """Return the part as an earlier process has left it; None where it must be trained."""
        found = None if part.end is None else self._checkpoints.of(self._spec.key).newest()
        if found is None or part.end is None or len(found.records) < part.end:
            return None
        same = part.exploits == tuple(one for one in found.exploits if one.epoch < part.end)
        records = found.records[: part.end]
        return found._replace(records=records) if same and math.isfinite(records[-1].loss) else None

    def _train(self, part: Part) -> Progress | TrialResult:
        spec = self._spec
        try:
            plugin = load_model_plugin(spec.model)
            data = self._data[spec.dataset_key]
            with Deadline(spec, self._is_out_of_time) as deadline:
                return run_part(
                    spec,
                    data,
                    plugin,
                    part=part,
                    checkpoints=self._checkpoints,
                    on_epoch=deadline,
                )
        except Exception as error:  # noqa: BLE001 - Tune would discard this worker
            return failed_by(spec.key, error)

    def _is_out_of_time(self, record: EpochRecord) -> bool:
        if time.time() >= self._time_over:
            self._out_of_time = record.epoch
        return self._out_of_time is not None

    def _final(self, result: TrialResult) -> dict[str, Any]:
        if self._out_of_time is not None and result.failure is None:
            metrics = {**result.metrics, OUT_OF_TIME_EPOCH: float(self._out_of_time)}
            result = replace(result, metrics=metrics)
        payload = () if self._spec.key in self._known else (result,)
        return {**last_report_of(self._spec, result), PAYLOAD: payload}
