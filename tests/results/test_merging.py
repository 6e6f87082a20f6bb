"""What a store knows joins what was recorded before, and never makes it poorer."""

from gridwright.results import merged

MACHINE = "2 cores"


def row(name, obtained, data, *, seeds=(0,), claimed=0.9):
    figure = {"kind": "at_least", "claimed": claimed, "obtained": obtained, "verdict": "held"}
    return {"row": name, "data": data, "seeds": list(seeds), "figures": {"test_score": figure}}


def sweep(command, date="2026-01-31", *, seconds=60, machine=MACHINE):
    return {
        "command": command,
        "date": date,
        "commit": "0123",
        "seconds": seconds,
        "machine": machine,
    }


def compared(holds, *, pairs, data, name="a against b", expect="lower"):
    asked = {"compared": name, "metric": "loss", "expect": expect}
    return asked | {"pairs": pairs, "data": data, "holds": holds}


def results(*, rows=(), sweeps=(), comparisons=(), source="table 1", says="Momentum"):
    found = {"says": says, "source": "4.1", "answer": "open", "comparisons": list(comparisons)}
    experiment = {"source": source, "rows": list(rows), "sweeps": list(sweeps)}
    return {"experiments": {"one": experiment}, "findings": [found]}


def rows_of(recorded, found):
    joined = merged(results(rows=recorded), results(rows=found))
    return joined["experiments"]["one"]["rows"]


def test_without_a_record_it_is_what_was_found():
    found = results(
        rows=[row("eta=1", 0.9, 1.0)],
        sweeps=[sweep("a")],
        comparisons=[compared(True, pairs=1, data=[1.0])],
    )
    joined = merged({}, found)
    assert joined["experiments"] == found["experiments"]
    assert joined["findings"][0]["answer"] == "yes"


def test_a_row_stays_until_it_ran_on_as_much_data():
    recorded = [row("eta=1", 0.9, 1.0), row("eta=2", 0.8, 0.1), row("eta=3", 0.7, 0.5)]
    found = [row("eta=1", 0.5, 0.1), row("eta=2", 0.95, 1.0), row("eta=3", None, None, seeds=())]
    assert rows_of(recorded, found) == [recorded[0], found[1], recorded[2]]


def test_more_seeds_are_better_and_the_newer_is_the_better_of_equals():
    recorded = [row("eta=1", 0.9, 1.0, seeds=(0, 1)), row("eta=2", 0.8, 1.0)]
    found = [row("eta=1", 0.5, 1.0), row("eta=2", 0.81, 1.0)]
    assert rows_of(recorded, found) == [recorded[0], found[1]]


def test_what_is_claimed_is_as_the_experiment_says_now():
    recorded = [row("eta=1", 0.9, 1.0, claimed=0.8), row("eta=2", 0.9, 1.0)]
    found = [row("eta=1", None, None, seeds=())]
    assert rows_of(recorded, found) == found


def test_a_sweep_is_told_once_and_in_the_order_of_the_dates():
    recorded = [sweep("b", "2026-02-01"), sweep("a")]
    found = [sweep("a", seconds=90), sweep("a", machine="a GPU")]
    joined = merged(results(sweeps=recorded), results(sweeps=found))
    assert joined["experiments"]["one"]["sweeps"] == [found[0], found[1], recorded[0]]


def test_a_comparison_stays_until_it_rests_on_more():
    recorded = [
        compared(True, pairs=9, data=[1.0]),
        compared(True, pairs=9, data=[0.1], name="b"),
        compared(None, pairs=0, data=[], name="c"),
    ]
    found = [
        compared(False, pairs=1, data=[1.0]),
        compared(False, pairs=1, data=[0.5], name="b"),
        compared(None, pairs=0, data=[], name="c"),
    ]
    (one,) = merged(results(comparisons=recorded), results(comparisons=found))["findings"]
    assert one["comparisons"] == [recorded[0], found[1], found[2]]
    assert one["answer"] == "in part"


def test_a_comparison_that_expects_something_else_now_is_another_one():
    recorded = compared(True, pairs=9, data=[1.0])
    found = compared(None, pairs=0, data=[], expect="higher")
    (one,) = merged(results(comparisons=[recorded]), results(comparisons=[found]))["findings"]
    assert (one["comparisons"], one["answer"]) == ([found], "open")


def test_what_is_not_stated_any_more_is_dropped():
    joined = merged(results(says="Before"), results(says="Now"))
    assert [finding["says"] for finding in joined["findings"]] == ["Now"]
