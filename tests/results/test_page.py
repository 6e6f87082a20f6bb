import pytest

from gridwright.errors import ConfigurationError
from gridwright.results import page
from gridwright.results.page import commands, findings, table


def figure(claimed, obtained, verdict, spread=None, kind="at_least"):
    return {
        "kind": kind, "claimed": claimed, "obtained": obtained, "spread": spread, "verdict": verdict
    }  # fmt: skip


HELD = {"test_score": figure(0.9, 0.95, "held"), "loss": figure(16.6, 0.2, "shown", kind="shown")}
ROWS = [
    {"row": "eta=0.1", "data": 1.0, "seeds": [0], "figures": HELD},
    {
        "row": "eta=1",
        "data": 0.1,
        "seeds": [0, 1],
        "figures": {"test_score": figure(0.9, 0.85, "not held", spread=0.01)},
    },
    {"row": "eta=2", "data": None, "seeds": [], "figures": {"test_score": figure(1, None, "not run")}},
]  # fmt: skip
SWEEP = {
    "command": "gridwright -m experiment=paper/iris",
    "date": "2026-01-31",
    "seconds": 300.0,
    "continued": False,
    "commit": "0123456789abcdef",
    "data": [1.0],
    "trials": 3,
    "failed": 1,
    "versions": {"gridwright": "0.1.0", "numpy": "2.4.6"},
    "machine": "2 cores",
}
ON_A_GPU = {**SWEEP, "machine": "a GPU", "continued": True}
COMPARED = {
    "compared": "iris: mu 0.8 against mu 0", "metric": "train_loss", "expect": "lower",
    "means": [0.1, 0.3], "pairs": 2, "as_expected": 2, "data": [1.0], "holds": True,
}  # fmt: skip
FOUND = {"says": "Momentum", "source": "4.1", "answer": "yes", "comparisons": [COMPARED]}
RESULTS = {"experiments": {"iris": {"rows": ROWS, "sweeps": [SWEEP]}}, "findings": [FOUND]}  # fmt: skip


def test_a_table_has_the_claims_beside_what_was_obtained():
    assert table(ROWS).splitlines() == [
        "| trials | test score: claimed | obtained | loss: claimed | obtained | data | n | held |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        "| `eta=0.1` | 0.9 | 0.95 | 16.6 | 0.2 | all | 1 | yes |",
        "| `eta=1` | 0.9 | 0.85 +- 0.01 |  |  | 0.1 | 2 | no: test score |",
        "| `eta=2` | 1 | not run |  |  |  |  | not run |",
    ]


def test_the_commands_say_what_was_run_and_when():
    assert commands([SWEEP], {"2 cores": "A"}) == (
        "    gridwright -m experiment=paper/iris\n\n"
        "3 trials, 1 of them failed in 5 min, 2026-01-31, commit 0123456789; gridwright 0.1.0, "
        "numpy 2.4.6."
    )
    marks = {"2 cores": "A", "a GPU": "B"}
    assert "in 5 min on B, not at one stretch, 2026" in commands([ON_A_GPU], marks)
    assert commands([], marks) == "Not run."


def test_sweeps_that_no_row_rests_on_any_more_are_not_shown():
    small, tenth = (
        SWEEP | {"data": [0.01], "command": "small"},
        SWEEP | {"data": [0.1], "command": "tenth"},
    )
    known = {"iris": {"rows": ROWS, "sweeps": [small, tenth, SWEEP]}}
    text = page("{{ commands('iris') }}", RESULTS | {"experiments": known})
    assert text == commands([tenth, SWEEP], {"2 cores": "A"})


def test_findings_show_what_they_rest_on():
    not_run = COMPARED | {"pairs": 0, "means": [None, None], "data": []}
    lines = findings([FOUND | {"comparisons": [COMPARED, not_run]}]).splitlines()
    compared = "| Momentum (4.1) | **yes** | iris: mu 0.8 against mu 0 | train loss, lower |"
    assert lines[2:] == [
        f"{compared} 0.1 against 0.3 | 2 of 2 | all |",
        "|  |  | iris: mu 0.8 against mu 0 | train loss, lower |  | not run |  |",
    ]


def test_the_template_is_filled():
    text = page("# {{ machines() }}\n{{ table('iris') }}\n{{ findings() }}\n", RESULTS)
    assert text == f"# 2 cores\n{table(ROWS)}\n{findings([FOUND])}\n"


def test_machines_have_a_letter_where_there_are_more():
    both = {"iris": {"rows": ROWS, "sweeps": [ON_A_GPU, SWEEP, SWEEP]}}
    text = page("{{ machines() }}", RESULTS | {"experiments": both})
    assert text == "- **A**: 2 cores\n- **B**: a GPU"


def test_a_template_that_asks_for_more_is_refused():
    with pytest.raises(ConfigurationError, match="nothing"):
        page("{{ nothing }}", RESULTS)
    with pytest.raises(ConfigurationError, match="mnist"):
        page("{{ table('mnist') }}", RESULTS)
