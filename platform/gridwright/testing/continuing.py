"""`Checkpointable`: a training that was cut off and goes on ends as the uninterrupted one."""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gridwright.contract import Checkpointable
from gridwright.errors import ModelFileError
from gridwright.testing.pickle_scan import holds_pickle
from gridwright.testing.subject import TOLERANCE, PluginUnderTest, answers, validation_of

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import EpochRecord, Estimator, ModelPlugin
    from gridwright.datasets import TrialData


class _CutOff(BaseException):
    """Ends a training after its first epoch, as a killed process would."""


class CheckpointConformance(PluginUnderTest):
    """Checkpoints are optional; an estimator that offers them keeps its word."""

    def test_a_training_that_goes_on_ends_as_the_uninterrupted_one(
        self, plugin: ModelPlugin, data: TrialData, trained: Estimator, tmp_path: Path
    ) -> None:
        self.cut_off(plugin, data, tmp_path)
        stored = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert stored, "save_checkpoint wrote no file"
        assert not [path.name for path in stored if holds_pickle(path.read_bytes())]

        continued = self.checkpointable(plugin, data)
        continued.load_checkpoint(tmp_path)
        records: list[EpochRecord] = []
        continued.fit(data.x_train, data.y_train, validation_of(data), records.append)
        assert records, "give `parameters` at least 2 epochs"
        assert [record.epoch for record in records] == list(range(2, len(records) + 2))
        np.testing.assert_allclose(
            answers(continued, data), answers(trained, data), rtol=0, atol=TOLERANCE
        )

    def test_a_checkpoint_that_is_not_whole_is_refused(
        self, plugin: ModelPlugin, data: TrialData, tmp_path: Path
    ) -> None:
        self.cut_off(plugin, data, tmp_path)
        for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
            content = path.read_bytes()
            path.unlink()
            with pytest.raises(ModelFileError):
                self.checkpointable(plugin, data).load_checkpoint(tmp_path)
            path.write_bytes(content[: len(content) // 2])
            with pytest.raises(ModelFileError):
                self.checkpointable(plugin, data).load_checkpoint(tmp_path)
            path.write_bytes(content)

    @classmethod
    def checkpointable(cls, plugin: ModelPlugin, data: TrialData) -> Checkpointable:
        """Return an untrained estimator; skip the test if it offers no checkpoints."""
        estimator = cls.build(plugin, data)
        if not isinstance(estimator, Checkpointable):
            pytest.skip("the estimator offers no checkpoints")
        return estimator

    @classmethod
    def cut_off(cls, plugin: ModelPlugin, data: TrialData, folder: Path) -> None:
        """Leave the checkpoint of a training that ended after its first epoch."""
        estimator = cls.checkpointable(plugin, data)

        def on_epoch(_record: EpochRecord) -> None:
            estimator.save_checkpoint(folder)
            raise _CutOff

        with pytest.raises(_CutOff):
            estimator.fit(data.x_train, data.y_train, validation_of(data), on_epoch)
