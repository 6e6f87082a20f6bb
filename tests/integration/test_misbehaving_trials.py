"""Trials that end their process, raise, overflow, leak or hang: each is told, the others go on."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
PLUGIN = Path(__file__).parents[1] / "misbehaving_plugin"
GOOD = ["nothing", "leaks"]
LOST = "its worker died twice while it ran (its code ended the process, it was killed"
BAD = {
    "raises": "ZeroDivisionError: division by zero",
    "exits": LOST,
    "calls sys.exit": "the model's code called sys.exit(3)",
    "hangs": LOST,
    "overflows": "the weights left the range of floating point numbers",
}


def test_every_misdeed_is_told_and_costs_its_own_trial_only(new_folder):
    out, err = new_folder.run(
        "-m", "dataset=iris", "model=misbehaving", f"model.what={','.join([*GOOD, *BAD])}",
        "resources.timeout=8", "forecast=false", PYTHONPATH=str(PLUGIN),
    )  # fmt: skip
    _, trials = new_folder.runs()
    reasons = {
        run.data.params["what"]: run.data.tags.get("gridwright.failure", "") for run in trials
    }
    assert reasons.keys() == {*GOOD, *BAD}
    assert len(trials) == len(reasons)
    assert [reasons[what] for what in GOOD] == ["", ""]
    for what, sentence in BAD.items():
        assert sentence in reasons[what], what
    assert "Failed trials: 5" in out
    assert f"  2 x {LOST}" in out
    assert "(raylet)" not in out + err, "what Ray says of a lost worker helps nobody"
