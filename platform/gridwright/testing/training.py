"""`Estimator.fit`: reports, stops, repeats itself and leaves the data alone."""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gridwright.contract import TrialSpec
from gridwright.errors import TrainingDiverged
from gridwright.testing.subject import TOLERANCE, PluginUnderTest, answers
from gridwright.trial import run_trial

if TYPE_CHECKING:
    from gridwright.contract import EpochRecord, Estimator, ModelPlugin
    from gridwright.datasets import TrialData


class TrainingConformance(PluginUnderTest):
    """Training is repeatable, reported epoch by epoch, and can be stopped."""

    def test_the_same_seed_trains_the_same_model(
        self, plugin: ModelPlugin, data: TrialData, trained: Estimator
    ) -> None:
        again = self.train(plugin, data)
        np.testing.assert_allclose(
            answers(again, data), answers(trained, data), rtol=0, atol=TOLERANCE
        )

    def test_fit_leaves_its_arguments_as_they_were(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        arrays = (data.x_train, data.y_train, data.x_validation, data.y_validation)
        before = copy.deepcopy(arrays)
        self.train(plugin, data)  # the arrays are read-only, too
        for array, copied in zip(arrays, before, strict=True):
            np.testing.assert_array_equal(array, copied)

    def test_every_epoch_is_reported_once_and_in_order(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        records: list[EpochRecord] = []
        self.train(plugin, data, records.append)
        assert len(records) >= 2, "give `parameters` at least 2 epochs"
        assert [record.epoch for record in records] == list(range(1, len(records) + 1))
        for record in records:
            for value in (record.loss, record.score, record.val_loss, record.val_score):
                assert value is not None
                assert math.isfinite(value)

    def test_without_validation_there_are_no_validation_values(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        records: list[EpochRecord] = []
        self.build(plugin, data).fit(data.x_train, data.y_train, on_epoch=records.append)
        assert {(record.val_loss, record.val_score) for record in records} == {(None, None)}

    def test_true_from_on_epoch_stops_the_training(
        self, plugin: ModelPlugin, data: TrialData
    ) -> None:
        records: list[EpochRecord] = []

        def stop(record: EpochRecord) -> bool:
            records.append(record)
            return True

        estimator = self.train(plugin, data, stop)
        assert len(records) == 1
        assert len(estimator.predict(data.x_train)) == len(data.x_train)

    def test_a_divergence_names_its_epoch(self, plugin: ModelPlugin, data: TrialData) -> None:
        if self.diverging_parameters is None:
            pytest.skip("no diverging_parameters")
        parameters = self.parameters_for(data.description) | dict(self.diverging_parameters)
        estimator = plugin.build(parameters, data.description.task, data.description, 1)
        with pytest.raises(TrainingDiverged) as caught:
            estimator.fit(data.x_train, data.y_train)
        assert caught.value.epoch >= 1
        assert caught.value.reason

    def test_a_whole_trial_finishes(self, plugin: ModelPlugin, data: TrialData) -> None:
        result = run_trial(trial_of(self, plugin, data), data, plugin)
        assert result.failure is None, result.failure
        assert result.files


def trial_of(subject: PluginUnderTest, plugin: ModelPlugin, data: TrialData) -> TrialSpec:
    """Return a trial of the subject's parameters on `data`."""
    return TrialSpec(
        key="",
        index=0,
        model=subject.plugin_name,
        parameters=subject.parameters_for(data.description),
        config={},
        overrides=(),
        dataset=data.description.name,
        dataset_key=data.description.name,
        data_digest=data.digest,
        plugin_version=plugin.version,
        seed=1,
        rank_by="validation",
        command="",
    )
