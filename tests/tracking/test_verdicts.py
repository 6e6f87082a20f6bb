"""What the stored model of a run says of held-out samples, and the figures of it."""

import numpy as np
import pytest

from gridwright.contract import DataDescription
from gridwright.tracking.champion_figures import confusion, mistaken_pictures, residuals
from gridwright.tracking.verdicts import Verdicts


def described(task, shape, classes=(), names=("y",)):
    return DataDescription("d", task, 10, shape, "float64", classes, len(names), (), names)


@pytest.fixture
def pictures():
    data = described("classification", (4, 4), ("a", "b", "c"))
    probabilities = np.array([[0.9, 0.1, 0], [0.2, 0.5, 0.3], [0.8, 0.1, 0.1], [0, 0, 1]])
    return Verdicts(data, "test", np.zeros((4, 4, 4)), np.array(list("abbb")), probabilities)


def test_the_worst_mistakes_are_the_most_confident(pictures):
    assert pictures.codes.tolist() == [0, 1, 1, 1]
    assert pictures.worst.tolist() == [3, 2]


def test_the_worst_values_are_the_farthest():
    data = described("regression", (2,), names=("u", "v"))
    y = np.array([[1.0, 1.0], [2.0, 2.0]])
    far = Verdicts(data, "test", np.zeros((2, 2)), y, np.array([[1.0, 1.5], [2.0, -9.0]]))
    assert far.worst.tolist() == [1, 0]
    assert len(residuals(far, "t").axes) == 4


def test_a_confusion_matrix_counts_every_sample(pictures):
    (axes,) = confusion(pictures, "title").axes
    assert sorted(text.get_text() for text in axes.texts) == ["1", "1", "1", "1"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]


def test_pictures_say_what_was_seen_in_them(pictures):
    titles = [axes.get_title() for axes in mistaken_pictures(pictures, "title").axes]
    assert titles[:2] == ["c (100%)\ntrue: b", "a (80%)\ntrue: b"]
    assert set(titles[2:]) == {""}


def test_what_is_no_picture_or_no_mistake_has_none(pictures):
    from dataclasses import replace

    assert mistaken_pictures(replace(pictures, x=np.zeros((4, 5))), "t") is None
    assert mistaken_pictures(replace(pictures, y=np.array(list("abac"))), "t") is None
