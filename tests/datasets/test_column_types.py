import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from gridwright.data_quoting import with_quotes
from gridwright.datasets import load
from gridwright.datasets.column_names import ColumnNames
from gridwright.datasets.column_types import types_argument, types_of
from gridwright.errors import DatasetError

NAMES = [
    *("age", "zip code", "Unnamed: 0", "größe (cm)", "价格", "it's", 'a "b"', "a, b", "x=y", "{z}"),
    *("null", "True", "1e3", "2020", "a#b", "$a", "a:b", "[m/s]", "a  b", "-"),
]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_sentence_proposes_can_be_typed(name):
    (argument,) = shlex.split(types_argument(name, "category"))
    for given in ([argument], with_quotes([argument])):
        (override,) = OverridesParser.create().parse_overrides(given)
        assert override.key_or_group == "dataset.types"
        assert types_of(override.value(), ColumnNames("my.csv", NAMES)) == {name: "category"}


def test_a_simple_name_is_proposed_as_it_is_usually_written():
    assert types_argument("zip code", "category") == "'dataset.types={zip code: category}'"
    assert types_argument("Unnamed: 0", "number") == """'dataset.types=["Unnamed: 0: number"]'"""


@pytest.mark.parametrize("given", ["age", 3, ["age"], [1]])
def test_what_is_no_mapping_is_refused(given):
    with pytest.raises(DatasetError, match=r"must be a mapping such as \{age: number\}, or a list"):
        types_of(given, ColumnNames("my.csv", NAMES))


def test_the_hint_about_a_column_that_numbers_rows_works_as_printed(tmp_path):
    path = tmp_path / "my.csv"
    rows = [f"{i},{i % 7},{i % 2}" for i in range(40)]
    path.write_text("\n".join(["Unnamed: 0,x,y", *rows]))
    config = {"kind": "table", "path": str(path), "target": "y"}
    (note,) = [note for note in load(config).notes if "numbers the rows" in note]
    (argument,) = shlex.split(note.partition("(")[2].partition(" keeps")[0])
    (override,) = OverridesParser.create().parse_overrides([argument])
    assert load(config | {"types": override.value()}).x.names == ("Unnamed: 0", "x")
