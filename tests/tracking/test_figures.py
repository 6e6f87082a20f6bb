import pytest

from gridwright.contract import HISTORIES
from gridwright.tracking.figures import Curves, best_curves, effects
from gridwright.tracking.records import FinishedRun

ALL = {name: ([1, 2], [0.9 - 0.1 * place, 0.5]) for place, name in enumerate(HISTORIES)}


def curves(*etas, histories=ALL):
    return [Curves({"eta": eta}, histories) for eta in etas]


def test_training_and_held_out_part_have_one_scale():
    figure = best_curves(curves("0.1", "0.2"), "title", "test")
    left, right, lower_left, lower_right = figure.axes
    assert left.get_ylim() == right.get_ylim()
    assert lower_left.get_ylim() == lower_right.get_ylim()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.texts] == ["1. eta=0.1", "2. eta=0.2"]


def test_a_single_configuration_has_no_legend():
    assert best_curves(curves("0.1"), "title", "test").legends == []


def test_loss_and_score_of_training_alone_have_a_scale_each():
    alone = {"loss": ([1, 2], [9.0, 8.0]), "score": ([1, 2], [0.1, 0.2])}
    loss, score, *_ = best_curves(curves("1", "2", histories=alone), "title", "test").axes
    assert loss.get_ylim()[0] > 7
    assert score.get_ylim()[1] < 1


def test_a_single_epoch_is_seen():
    one = {name: ([1], [0.5]) for name in HISTORIES}
    figure = best_curves(curves("0.1", histories=one), "title", "test")
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert [line.get_marker() for line in axes.get_lines()] == ["o"]
        low, high = axes.get_xlim()
        assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


def test_many_epochs_are_lines():
    (line,) = best_curves(curves("0.1"), "title", "test").axes[0].get_lines()
    assert line.get_marker() in {"", "None"}


def trials(values):
    return [
        FinishedRun(
            str(place), str(place), "FINISHED", {"validation_score": place / 1000},
            {"eta": value}, "iris", "iris", "", "numpy-mlp", "validation",
        )
        for place, value in enumerate(values)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "scale", "label"),
    [
        ([repr(0.001 * 1.01**i) for i in range(1000)], "log", ""),
        ([str(i) for i in range(-500, 500)], "linear", ""),
        ([f"preset-{i}" for i in range(999)] + ["nan"], "linear", "1000 values"),
    ],
)
def test_many_values_are_points_and_not_boxes(values, scale, label):
    (axes,) = effects(trials(values), ["eta"], "title", "validation").axes
    (line,) = axes.get_lines()
    assert len(line.get_xdata()) == 1000
    assert (axes.get_xscale(), axes.get_xlabel()) == (scale, label)
    if not label:
        assert sorted(line.get_xdata()) == sorted(map(float, values))


def test_few_values_have_a_box_each():
    (axes,) = effects(trials(["0.1", "0.01"] * 5), ["eta"], "title", "validation").axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0.01", "0.1"]
