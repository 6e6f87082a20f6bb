from types import SimpleNamespace

from gridwright.dry_run import FIRST, LAST, grid_text


def specs(count):
    return [
        SimpleNamespace(key=str(index), overrides=("dataset=iris", f"model.eta={index}", "seed=1"))
        for index in range(count)
    ]


def test_a_small_grid_is_shown_whole():
    text = grid_text(specs(3), {"1"})
    assert "model.eta                   3 values: 0  1  2" in text
    rows = [
        line.split() for line in text.splitlines() if line.split()[-1:] in (["run"], ["finished"])
    ]
    assert rows == [["1", "0", "to", "run"], ["2", "1", "finished"], ["3", "2", "to", "run"]]
    assert "dataset" not in text, "what all trials share is no column"


def test_a_large_grid_is_shortened_in_the_middle():
    text = grid_text(specs(10_000), set())
    assert "10000 values: 0  1  2  3  4  5  6  7 ... 9999" in text
    assert "9988 more" in text
    assert text.count("to run") == FIRST + LAST
    assert len(text.splitlines()) < 30


def test_one_trial_has_no_table():
    assert grid_text(specs(1), set()) == ""
