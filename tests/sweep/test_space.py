"""The grid of a command line, and that every value in it survives Hydra's grammar."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st

from gridwright.errors import ConfigurationError
from gridwright.sweep.space import expand, parameter_line

GRIDS = {
    "nothing": ([], {}, [()]),
    "one value": (["a=1"], {}, [("a=1",)]),
    "the last dimension changes fastest": (
        ["a=1,2", "b=x,y"],
        {},
        [("a=1", "b=x"), ("a=1", "b=y"), ("a=2", "b=x"), ("a=2", "b=y")],
    ),
    "choice": (["a=choice(1,x)"], {}, [("a=1",), ("a=x",)]),
    "tagged choice": (["a=tag(t, choice(1,2))"], {}, [("a=1",), ("a=2",)]),
    "range": (["a=range(1,7,3)"], {}, [("a=1",), ("a=4",)]),
    "range of fractions": (["a=range(0,0.75,0.25)"], {}, [("a=0.0",), ("a=0.25",), ("a=0.5",)]),
    "lists": (["a=[1,2],[3]"], {}, [("a=[1,2]",), ("a=[3]",)]),
    "a list is one value": (["a=[1,2]"], {}, [("a=[1,2]",)]),
    "mappings": (["a={b:1},{c:[2]}"], {}, [("a={b:1}",), ("a={c:[2]}",)]),
    "quotes": (["a='1,2',\"x\""], {}, [("a='1,2'",), ('a="x"',)]),
    "null and 'null'": (["a=null,'null'"], {}, [("a=null",), ("a='null'",)]),
    "prefixes are kept": (
        ["+a=1,2", "~b", "++c=3", "d/e@f.g=h,i"],
        {},
        [(f"+a={a}", "~b", "++c=3", f"d/e@f.g={d}") for a in (1, 2) for d in ("h", "i")],
    ),
    "delete, then add": (["~a", "+a={b:1}"], {}, [("~a", "+a={b:1}")]),
    "parameters come first": (["b=3"], {"a": "1,2"}, [("a=1", "b=3"), ("a=2", "b=3")]),
    "an argument replaces a parameter": (["a=3"], {"a": "1,2", "b": 4}, [("b=4", "a=3")]),
    "++ replaces a parameter, too": (["++a=3"], {"a": "1,2"}, [("++a=3",)]),
    "the last of two for one key": (["a=1,2", "a=3"], {}, [("a=3",)]),
    "parameters as YAML reads them": (
        [],
        {"a": 0.1, "b": None, "c": [1, "x,y", None], "d": {"k": [True]}, "~e": None},
        [("a=0.1", "b=null", "c=[1,'x,y',null]", "d={k:[True]}", "~e")],
    ),
}


@pytest.mark.parametrize("name", GRIDS)
def test_grid(name):
    arguments, params, cells = GRIDS[name]
    assert expand(arguments, params) == cells


@pytest.mark.parametrize(
    ("arguments", "cells", "repeated"),
    [
        (["a=1,2"], 2, 0),
        (["a=[128,32,32],[64],[128,32,32]"], 2, 1),
        (["a=1,1,2", "b=x,y,x"], 4, 5),
    ],
)
def test_repeated_cells_are_dropped_and_counted(arguments, cells, repeated):
    grid = expand(arguments)
    assert (len(grid), grid.repeated) == (cells, repeated)
    assert len(set(grid)) == cells


def test_paired_values_go_together():
    cells = expand(["a=1,2,2", "b=x,y", "c=[5],[6],[6]"], paired=[["a", "c"]])
    assert cells == [
        ("a=1", "c=[5]", "b=x"), ("a=1", "c=[5]", "b=y"),
        ("a=2", "c=[6]", "b=x"), ("a=2", "c=[6]", "b=y"),
    ]  # fmt: skip
    assert cells.repeated == 2
    assert expand(["a=1,2"], {"b": "x,y"}, paired=[["a", "b"]]) == [("a=1", "b=x"), ("a=2", "b=y")]


@pytest.mark.parametrize(
    ("paired", "sentence"),
    [
        (["a", "b"], "as many of each: a has 2, b has 3"),
        (["a", "z"], "pairs the values of a, z, but z has none here"),
    ],
)
def test_pairs_that_do_not_fit_are_one_sentence(paired, sentence):
    with pytest.raises(ConfigurationError, match=sentence):
        expand(["a=1,2", "b=x,y,z"], paired=[paired])


def test_glob_lists_the_options_of_a_group(composer):
    grid = expand(["db=glob(*)"], None, composer("config").loader)
    assert grid == [("db=large",), ("db=small",)]


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("a=interval(0,1)", r"a=interval\(0,1\) is a range of real numbers, which has no grid"),
        ("a=int(interval(0,1))", "has no grid"),
        ("a=tag(log, interval(0.1,1))", "has no grid"),
        ("a=range(3,3)", r"a=range\(3,3\) has no values"),
        ("a=LeakyReLU(0.1)", r"quote it, as in \"a='LeakyReLU\(0.1\)'\""),
        ("a=Tanh,LeakyReLU(0.1)", r"quote it, as in \"a=Tanh,'LeakyReLU\(0.1\)'\""),
        ("a", "cannot read 'a': write key=value"),
        ("a=[1,2", r"cannot read 'a=\[1,2': a bracket is not closed$"),
        ("a='x", "cannot read 'a='x': a quote is not closed"),
        ("a=größe,1", "or a letter beyond A to Z, is not in quotes"),
        (f"a='{'x' * 9000}", f"cannot read 'a='{'x' * 197}...': a quote"),
        ("a=choice(null)", r"cannot read 'a=choice\(null\)': TypeError while .* NoneType"),
    ],
)
def test_what_has_no_grid_is_one_sentence(argument, sentence):
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        expand([argument])
    assert "\n" not in str(caught.value)


# Control characters have no place in Hydra's grammar; a backslash before a quote is doubled there.
texts = st.text(st.characters(exclude_categories=["C"]), max_size=12)
numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts
keys = st.from_regex(r"[a-z]{1,5}", fullmatch=True)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(values, min_size=1, max_size=4, unique_by=repr))
def test_every_value_survives(chosen):
    written = ",".join(parameter_line("a", [value])[len("a=[") : -1] for value in chosen)
    cells = expand([f"a={written}", "b=1,2"])
    parser = OverridesParser.create()
    read = [parser.parse_override(first).value() for first, _ in cells]
    # Hydra writes a boolean or a number as Python does, so equality of type counts, too.
    assert repr(read[::2]) == repr(chosen)
    assert repr(read[1::2]) == repr(chosen)
