"""Every bad table, and the one sentence that it gets."""

import gzip
import os

import numpy as np
import pytest

from gridwright.datasets import load, split
from gridwright.errors import DatasetError

GOOD = "a,b,y\n" + "".join(f"{i},{i % 7}.5,{'yes' if i % 2 else 'no'}\n" for i in range(20))


def sentence(path, target="y", **options):
    """Return what is said of a table, with its path as {path}."""
    config = {"kind": "table", "path": str(path), "target": target, **options}
    with pytest.raises(DatasetError) as caught:
        split(
            load(config), config | {"test_fraction": 0.2, "validation_fraction": 0.2}, "validation"
        )
    message = str(caught.value)
    assert "\n" not in message
    return message.replace(str(path), "{path}")


@pytest.fixture
def write(tmp_path):
    def write(content, name="my.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_no_path():
    with pytest.raises(DatasetError) as caught:
        load({"kind": "table", "target": "y"})
    assert str(caught.value) == (
        "dataset=table needs a file: set dataset.path, such as dataset.path=my.csv"
    )


def test_a_missing_file(tmp_path):
    assert sentence(tmp_path / "my.csv") == "there is no file {path}: check dataset.path"


def test_a_folder(tmp_path):
    assert sentence(tmp_path).startswith(
        "{path} is a folder, and dataset=table reads one file: name it, or use dataset=images"
    )


def test_a_name_that_tells_no_format(write):
    assert sentence(write(GOOD, "my.xlsx")).startswith(
        "the name of {path} tells no format of a table: it must end in one of .arrow, .csv, "
    )


def test_no_target(write):
    assert sentence(write(GOOD), None) == (
        "dataset=table needs the column that is predicted: set dataset.target to one of 'a', 'b', 'y'"
    )


@pytest.mark.parametrize("target", ["z", "Y", ["y", "z"]])
def test_a_missing_target(write, target):
    assert "unknown column in dataset.target" in sentence(write(GOOD), target)
    assert sentence(write(GOOD), target).endswith("choose one of a, b, y")


@pytest.mark.parametrize("target", [3, -4, 17])
def test_a_position_that_is_not_there(write, target):
    assert sentence(write(GOOD), target) == (
        f"{{path}}: unknown column in dataset.target '{target}': choose one of a, b, y"
    )


def test_a_wrong_separator(write):
    assert sentence(write(GOOD), separator=";") == (
        "{path}: unknown column in dataset.target 'y': choose one of a,b,y; it has one column only: "
        "is dataset.separator right?"
    )


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_an_empty_file(write, content):
    assert sentence(write(content)) in (
        "{path} is empty",
        "{path} cannot be read as a table: it is empty",
    )


def test_a_table_without_rows(write):
    assert sentence(write("a,b,y\n")) == "{path} is empty: it has a header and no rows"


def test_one_class(write):
    assert sentence(write("a,y\n1,no\n2,no\n3,no\n")) == (
        "{path}: the target 'y' has one class only ('no'): there is nothing to learn"
    )


def test_a_constant_target(write):
    assert sentence(write("a,y\n1,2.5\n2,2.5\n")) == (
        "{path}: the target 'y' has one value only (2.5): there is nothing to learn"
    )


@pytest.mark.parametrize(
    ("other", "ways"),
    [
        ("{day:02}/03/2020", "'2020-01-01', '02/03/2020'"),
        ("unknown {day}", "names or ids"),
        ("unknown", "'2020-01-01', 'unknown'"),
    ],
)
def test_dates_in_several_ways_are_called_so(tmp_path, other, ways):
    every = 2 if "{" in other else 10
    days = [
        other.format(day=index % 28 + 1)
        if index % every == 1
        else f"2020-{index // 28 + 1:02}-{index % 28 + 1:02}"
        for index in range(56)
    ]
    rows = "".join(f"{day},{index % 7},{index % 2}\n" for index, day in enumerate(days))
    path = tmp_path / "t.csv"
    path.write_text(f"when,b,y\n{rows}")
    dataset = load({"kind": "table", "path": str(path), "target": "y"})
    assert dataset.feature_names == ("b",)
    (note,) = [note for note in dataset.notes if "'when' is left out" in note]
    assert ways in note


def test_a_constant_column_is_left_out_and_that_is_said(write):
    path = write("a,b,y\n" + "".join(f"7,{i},{i % 2}\n" for i in range(20)))
    dataset = load({"kind": "table", "path": str(path), "target": "y"})
    assert "column 'a' is left out: it has the same value in every row (7)" in dataset.notes
    assert dataset.feature_names == ("b",)


def test_constant_columns_only(write):
    assert sentence(write("a,y\n7,no\n7,yes\n7,no\n")) == (
        "{path} has no column to predict from beside its target; 'a' is left out: it has the same "
        "value in every row (7)"
    )


def test_a_duplicate_header(write):
    assert sentence(write("a,b,a,y\n1,2,3,4\n")) == (
        "{path} names column 1 and column 3 'a' (counted from 1): every column needs a name of its own"
    )


def test_mixed_types(write):
    rows = "".join(f"{'abc' if i == 8 else i},{i % 2}\n" for i in range(20))
    assert sentence(write("a,y\n" + rows)) == (
        "{path}: column 'a' holds numbers, but 'abc' in row 9 (counted from 1, without the header): "
        "correct it, add it to dataset.missing_values, or say what the column is, such as "
        "'dataset.types={a: category}'"
    )


def test_mixed_types_late_in_a_large_file(write):
    rows = "".join(f"{'x' if i in {299_000, 299_500} else i},{i % 2}\n" for i in range(300_000))
    assert "'x' in row 299001 (counted from 1, without the header) and 1 more such value:" in (
        sentence(write("a,y\n" + rows))
    )


@pytest.mark.parametrize("options", [{"missing_values": ["abc"]}, {"types": {"a": "category"}}])
def test_what_the_sentence_on_mixed_types_says_works(write, options):
    path = write(
        "a,b,y\n" + "".join(f"{'abc' if i == 8 else i % 3},{i},{i % 2}\n" for i in range(20))
    )
    assert load({"kind": "table", "path": str(path), "target": "y", **options}).feature_names == (
        "a",
        "b",
    )


def test_a_row_of_another_length(write):
    assert sentence(write(GOOD + "1,2,3,4\n")) == (
        "{path} cannot be read as a table: Expected 3 columns, got 4: 1,2,3,4; every row must have "
        "as many values as there are columns; is dataset.separator right?"
    )


def test_a_wrong_encoding(write):
    assert sentence(write(GOOD), encoding="utf-16").startswith(
        "{path} cannot be read as a table: it is not written in utf-16 ("
    )
    assert sentence(write("ä,y\n1,2\n".encode("latin-1")), encoding="utf-8") == (
        "{path} cannot be read as a table: it is not written in utf-8 (invalid continuation byte): "
        "set dataset.encoding to the right one, or to null to have it found out"
    )


def test_an_unknown_encoding(write):
    assert sentence(write(GOOD), encoding="utf-42") == (
        "{path} cannot be read as a table: dataset.encoding must be an encoding such as utf-8, "
        "utf-16 or latin-1, not 'utf-42'"
    )


def test_no_text(write):
    assert sentence(write(bytes(range(256)) * 4)) == (
        "{path} cannot be read as a table: it holds zero bytes and is no text"
    )


def test_an_encoding_is_stated_where_it_was_guessed(write):
    text = GOOD.replace("yes", "où")
    dataset = load({"kind": "table", "path": str(write(text.encode("latin-1"))), "target": "y"})
    assert dataset.classes == ("no", "où")
    assert dataset.notes[0].startswith("read as Windows-1252 (Latin-1), for it is not UTF-8")


def test_text_that_stops_to_be_utf_8_after_its_beginning(write):
    rows = "".join(f"{i},{i % 3},{'no' if i % 2 else 'yes'}\n" for i in range(20_000))
    path = write(("a,b,y\n" + rows + "1,2,où\n" * 3).encode("latin-1"))
    assert "où" in load({"kind": "table", "path": str(path), "target": "y"}).classes


@pytest.mark.parametrize("name", ["my.csv.gz", "my.parquet", "my.feather", "my.csv.zst"])
def test_a_file_that_is_cut_short(write, name):
    content = gzip.compress(os.urandom(5000))[:-100] if name.endswith("gz") else b"PAR1 and no more"
    assert sentence(write(content, name)).startswith("{path} is cut short or damaged (")
    assert sentence(write(content, name)).endswith("): write or fetch it again")


def test_json_lines_that_are_none(write):
    assert sentence(write('{"a": 1, "y": 2}\n{"a": "b", "y": 1}\n', "my.jsonl")).startswith(
        "{path} cannot be read as JSON lines, one object a line: Column(/a) changed from number to string"
    )


def test_values_that_are_lists(write):
    content = '{"a": [1], "y": 0}\n{"a": [2], "y": 1}\n'
    assert sentence(write(content, "my.jsonl")) == (
        "{path} has no column to predict from beside its target; 'a' is left out: it holds values "
        "of the type list<item: int64>, which are neither numbers, truth values, text nor dates"
    )
    assert sentence(write(content, "my.jsonl"), target="a", drop="y") == (
        "{path}: column 'a' holds values of the type list<item: int64>, which are neither numbers, "
        "truth values, text nor dates: leave it out with dataset.drop"
    )


def test_an_infinite_number(write):
    assert sentence(write(GOOD + "inf,1,no\n")) == (
        "{path}: column 'a' holds an infinite number in row 21 (counted from 1, without the header): "
        "correct it, or add it to dataset.missing_values"
    )


def test_gaps_that_are_refused(write):
    assert sentence(write(GOOD + ",1,no\n"), missing="refuse") == (
        "{path}: column 'a' has no value in row 21 (counted from 1, without the header), and "
        "dataset.missing=refuse asks for none missing: set it to impute or drop"
    )


def test_a_target_without_values(write):
    assert sentence(write("a,y\n1,\n2,\n")) == "{path}: every value of the target 'y' is missing"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"task": "clustering"}, "dataset.task must be one of classification, regression, not 'clustering'"),
        ({"task": "regression"}, "{path}: a regression needs numbers, and the target 'y' holds text (such as 'no')"),
        ({"missing": "guess"}, "dataset.missing must be one of impute, drop, refuse, not 'guess'"),
        ({"separator": "::"}, "dataset.separator must be one character, not '::'"),
        ({"header": "yes"}, "dataset.header must be true, false or null, not 'yes'"),
        ({"types": {"a": "colour"}}, "dataset.types.a must be one of number, boolean, category, date, not 'colour'"),
        ({"types": "number"}, "dataset.types must be a mapping such as {age: number}, or a list such as ['width (cm): number'], not 'number'"),
        ({"max_categories": 0}, "dataset.max_categories must be a whole number of at least 1, not 0"),
        ({"drop": "c"}, "{path}: unknown column in dataset.drop 'c': choose one of a, b, y"),
        ({"groups": ["a", "b"]}, "dataset.groups must name one column, not 2"),
        ({"types": {"b": "date"}}, "{path}: column 'b' is said to hold dates, but it holds double"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be(write, options, said):
    assert sentence(write(GOOD), **options) == said


def test_several_targets_are_no_classes(write):
    assert sentence(write(GOOD), ["a", "y"]) == (
        "{path}: a regression needs numbers, and the target 'y' holds text (such as 'no')"
    )


def test_the_only_row_of_a_class_is_trained_on(write):
    path = write(GOOD + "7,8,maybe\n" + GOOD.partition("\n")[2])
    config = {"kind": "table", "path": str(path), "target": "y"}
    config |= {"test_fraction": 0.2, "validation_fraction": 0.2}
    data = split(load(config), config, "validation")
    assert data.description.classes == ("maybe", "no", "yes")
    assert data.profile()["classes"]["maybe"] == 1
    assert {*data.y_test, *data.y_validation} == {"no", "yes"}


def test_folds_beyond_the_smallest_class(write):
    path = write(GOOD)
    config = {"kind": "table", "path": str(path), "target": "y", "folds": 9, "test_fraction": 0.2}
    with pytest.raises(DatasetError) as caught:
        split(load(config), config, "validation")
    assert str(caught.value) == (
        "dataset.folds=9 needs at least 9 samples of class 'no', but the training part of my has 8: "
        "take at most 8 folds"
    )
    path.write_text("x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(40)) + "40,rare\n")
    with pytest.raises(
        DatasetError, match=r"class 'rare', but .* has 1: add some, or leave those out"
    ):
        split(load(config), config, "validation")


def test_what_comes_last_is_held_out(write):
    rows = "".join(f"{(i * 7) % 40},{i % 2}\n" for i in range(40))
    config = {
        "kind": "table", "path": str(write("when,y\n" + rows)), "target": "y", "time": "when",
        "test_fraction": 0.2, "validation_fraction": 0.25,
    }  # fmt: skip
    data = split(load(config), config, "validation")
    score = data.preprocessing.encoders[0].score
    parts = (data.x_train, data.x_validation, data.x_test)
    train, validation, test = ((part[:, 0] * score.scale + score.mean).round() for part in parts)
    assert train.tolist() == list(range(24))
    assert validation.tolist() == list(range(24, 32))
    assert test.tolist() == list(range(32, 40))


def test_groups_never_come_apart(write):
    rows = "".join(f"{i // 4},{i},{i % 2}\n" for i in range(40))
    config = {
        "kind": "table", "path": str(write("person,number,y\n" + rows)), "target": "y",
        "groups": "person", "test_fraction": 0.2, "validation_fraction": 0.25,
    }  # fmt: skip
    data = split(load(config), config, "validation")
    assert data.preprocessing.columns == ("number",)
    score = data.preprocessing.encoders[0].score
    parts = (data.x_train, data.x_validation, data.x_test)
    people = [
        set(((part[:, 0] * score.scale + score.mean).round() // 4).tolist()) for part in parts
    ]
    assert [len(found) for found in people] == [6, 2, 2]
    assert len(set.union(*people)) == 10


def test_folds_of_a_table_learn_from_their_own_training_rows(write):
    config = {
        "kind": "table", "path": str(write(GOOD)), "target": "y", "test_fraction": 0.2, "folds": 4,
    }  # fmt: skip
    data = split(load(config), config, "validation")
    folds = list(data.folds())
    assert [len(fold.x_validation) for fold in folds] == [4, 4, 4, 4]
    for fold in folds:
        np.testing.assert_allclose(fold.x_train.mean(axis=0), 0, atol=1e-12)
        assert fold.description.n_train == 12
