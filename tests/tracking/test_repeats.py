"""Repeated seeds are one row, with an interval and an honest mark."""

import pytest
from scipy import stats

from gridwright.contract import Failure
from gridwright.tracking.records import FinishedRun
from gridwright.tracking.repeats import RepeatBoard


def run(eta, seed, score, failure=None):
    metrics = {} if score is None else {"validation_score": score, "validation_loss": 1 - score}
    return FinishedRun(
        f"{eta}-{seed}", f"{eta}-{seed}", "FAILED" if failure else "FINISHED", metrics,
        {"eta": str(eta), "seed": str(seed), "model": "m"}, "iris", "iris-0", "d", "m", "validation",
        failure=failure,
    )  # fmt: skip


def runs(eta, *scores, seeds=None):
    return [run(eta, seed, score) for seed, score in zip(seeds or range(9), scores, strict=False)]


def test_a_row_is_a_configuration_with_its_seeds():
    broken = run(0.1, 7, None, Failure("diverged", "inf", 1))
    board = RepeatBoard.of([*runs(0.2, 0.8, 0.8, 0.9), *runs(0.1, 0.9, 0.95), broken], "validation")
    assert board.columns == (
        "rank", "eta", "trials", "mean validation_score", "95% from", "95% to", "lead",
    )  # fmt: skip
    first, second = board.rows()
    assert first[:3] == (1, "0.1", "2 + 1 failed")
    assert first[3] == pytest.approx(0.925)
    assert second[:3] == (2, "0.2", "3")
    mean, low, high = second[3:6]
    expected = stats.t.interval(0.95, 2, loc=mean, scale=stats.sem([0.8, 0.8, 0.9]))
    assert (low, high) == pytest.approx(expected)


def test_the_lead_is_marked_where_it_means_something():
    good = 0.90, 0.91, 0.92, 0.93
    near, far = (0.89, 0.92, 0.91, 0.93), (0.70, 0.73, 0.71, 0.72)
    board = RepeatBoard.of([*runs(1, *good), *runs(2, *near), *runs(3, *far)], "validation")
    leader, second, third = (row[-1] for row in board.rows())
    assert leader == "leader"
    assert second == f"p = {stats.ttest_rel(good, near).pvalue:.2g}"
    assert third.startswith("* p")
    assert board.chances[2] == pytest.approx(stats.ttest_rel(good, far).pvalue)


def test_other_seeds_are_not_paired():
    first, second = (0.9, 0.95, 0.97), (0.8, 0.81)
    board = RepeatBoard.of([*runs(1, *first), *runs(2, *second, seeds=[5, 6])], "validation")
    welch = stats.ttest_ind(first, second, equal_var=False).pvalue
    assert board.chances[1] == pytest.approx(welch)


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        ((0.9, 0.9), (0.9, 0.9), 1.0),
        ((0.9, 0.8), (0.8, 0.7), 0.0),
        ((0.9, 0.9, 0.9), (0.8, 0.8), 0.0),
        ((0.9, 0.95), (0.8,), None),
    ],
)
def test_scores_without_spread_and_single_trials(first, second, p):
    board = RepeatBoard.of([*runs(1, *first), *runs(2, *second)], "validation")
    assert board.chances[1] == p


def test_without_repetitions_there_is_no_board():
    assert RepeatBoard.of([*runs(1, 0.9), *runs(2, 0.8)], "validation") is None


def test_a_configuration_that_always_failed_comes_last():
    failure = Failure("diverged", "inf", 1)
    board = RepeatBoard.of([run(3, 0, None, failure), *runs(1, 0.5, 0.6)], "validation")
    assert board.rows()[1][:4] == (None, "3", "0 + 1 failed", None)
