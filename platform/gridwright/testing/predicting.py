"""`Estimator.predict`, `predict_proba` and `score`."""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gridwright.contract import Classifier
from gridwright.testing.subject import TOLERANCE, PluginUnderTest, answers

if TYPE_CHECKING:
    from gridwright.contract import Estimator
    from gridwright.datasets import TrialData


class PredictionConformance(PluginUnderTest):
    """Predictions have the shapes, labels and order that the platform and its server expect."""

    def test_predictions_have_the_shape_and_the_labels_of_the_targets(
        self, trained: Estimator, data: TrialData
    ) -> None:
        predicted = np.asarray(trained.predict(data.x_train))
        assert predicted.shape == data.y_train.shape
        if data.description.classes:
            assert set(predicted.tolist()) <= set(data.description.classes)

    def test_a_single_sample_can_be_asked_for(self, trained: Estimator, data: TrialData) -> None:
        single = np.asarray(trained.predict(data.x_train[:1]))
        assert single.shape == data.y_train[:1].shape

    def test_probabilities_are_in_the_order_of_the_classes(
        self, trained: Estimator, data: TrialData
    ) -> None:
        if data.description.task == "regression":
            pytest.skip("a regression has no probabilities")
        assert isinstance(trained, Classifier)
        probabilities = np.asarray(trained.predict_proba(data.x_train))
        assert probabilities.shape == (len(data.x_train), len(data.description.classes))
        assert probabilities.min() >= 0
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
        likeliest = np.array(data.description.classes)[probabilities.argmax(axis=1)]
        np.testing.assert_array_equal(trained.predict(data.x_train), likeliest)

    def test_the_score_is_the_accuracy_or_r2_of_the_predictions(
        self, trained: Estimator, data: TrialData
    ) -> None:
        from sklearn.metrics import accuracy_score, r2_score

        metric = r2_score if data.description.task == "regression" else accuracy_score
        expected = metric(data.y_train, trained.predict(data.x_train))
        assert trained.score(data.x_train, data.y_train) == pytest.approx(expected, abs=1e-5)
        assert expected <= 1

    def test_several_threads_may_predict_at_once(self, trained: Estimator, data: TrialData) -> None:
        expected = answers(trained, data)
        with ThreadPoolExecutor(4) as threads:
            for got in threads.map(lambda _: answers(trained, data), range(16)):
                np.testing.assert_allclose(got, expected, rtol=0, atol=TOLERANCE)
