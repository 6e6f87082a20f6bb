import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridwright.datasets.written_numbers import Notation, looks_written, notation_of


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["1,234", "999", "1,234,567.5"], [1234, 999, 1234567.5]),
        (["1.234,50", "0,5"], [1234.5, 0.5]),
        (["1 234,5", "12"], [1234.5, 12]),
        (["1\u202f234", "1\u00a0234,5"], [1234, 1234.5]),
        (["1'234.5", "7"], [1234.5, 7]),
        (["12,34,567", "1,000"], [1234567, 1000]),
        (["$1,234.50", "-$3", "($2.50)", "$.5"], [1234.5, -3, -2.5, 0.5]),
        (["1.234,50 €", "3 €"], [1234.5, 3]),
        (["EUR 5", "EUR 1,000"], [5, 1000]),
        (["12%", "12.5 %", "3"], [12, 12.5, 3]),
        (["74 bhp", "88.5bhp"], [74, 88.5]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["\u22123.5", "4"], [-3.5, 4]),
        (["14:05", "9:30:36"], [14 + 5 / 60, 9.51]),
        (["12:00 AM", "1:30 pm"], [0, 13.5]),
        ([" 5 kg ", "6 kg"], [5, 6]),
    ],
)
def test_numbers_for_people(words, numbers):
    notation = notation_of(words)
    assert [notation.read(word) for word in words] == pytest.approx(numbers)
    # What is written again is the same number, to the last bit.
    for word in words:
        number = notation.read(word)
        assert notation.read(notation.write(number)) == number


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["red", "blue"],
        ["1st", "2nd", "3rd"],
        ["$5", "€5"],
        ["5 kg", "5 lb"],
        ["A1", "A2"],
        ["1-2", "3-4"],
        ["1,23", "1,234,5"],
        ["12:30", "5"],
        ["25:61"],
        ["13:00 PM"],
        ["(5", "6"],
        ["--5"],
        [".", "5"],
        ["2021-01-05"],
        ["1.2.3"],
    ],
)
def test_what_has_no_notation(words):
    assert notation_of(words) is None


def test_codes_of_which_only_some_have_letters_behind_them_are_no_numbers():
    assert notation_of(["2", "3", "4", "5more"]) is None
    assert notation_of(["2 kg", "3 kg"]).read("4") == 4
    assert notation_of([f"{i} kg" for i in range(1, 20)] + ["0"]).read("7 kg") == 7


def test_the_mark_of_the_file_decides_where_both_may_be_meant():
    assert notation_of(["1,234"]).read("1,234") == 1234
    assert notation_of(["1,234"], ",").read("1,234") == 1.234


def test_other_notations_are_not_read():
    notation = notation_of(["$1,234.50"])
    assert [notation.read(word) for word in ("€5", "1.234,50", "5 kg", "never")] == [None] * 4
    assert notation.example == "$1,234.5"
    assert Notation(":").example == "14:05"


@settings(deadline=None)
@given(
    st.floats(-1e15, 1e15, allow_nan=False).map(lambda x: x + 0.0),
    st.sampled_from([Notation("."), Notation(",", ".", "", " €"), Notation(".", ",", "EUR")]),
)
def test_every_number_is_written_so_that_it_is_read_again(number, notation):
    notation = Notation(
        notation.decimal, notation.grouping, notation.before, notation.after.strip()
    )
    text = notation.write(number)
    assert looks_written(text)
    assert np.float64(notation.read(text)) == np.float64(number)
