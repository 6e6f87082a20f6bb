import sys

import pytest

from gridwright.captured_output import LIMIT, captured_output


def test_out_and_err_are_kept_in_their_order():
    with captured_output() as captured:
        print("one")
        print("two", file=sys.stderr)
    assert captured.text == "one\ntwo\n"


def test_of_long_output_the_end_is_kept_and_the_rest_is_counted():
    with captured_output() as captured:
        for number in range(50_000):
            print(f"{number:09d}")
    note, _, kept = captured.text.partition("\n")
    assert note == f"[{500_000 - LIMIT} characters before this are left out]"
    assert len(kept) == LIMIT
    assert kept.endswith("000049999\n")


def test_output_of_exactly_the_limit_is_whole():
    with captured_output() as captured:
        sys.stdout.write("x" * LIMIT)
    assert captured.text == "x" * LIMIT


def test_streams_are_put_back_after_an_error():
    before = sys.stdout, sys.stderr
    with pytest.raises(ValueError, match="inside"), captured_output():
        raise ValueError("inside")
    assert (sys.stdout, sys.stderr) == before


def test_a_stream_that_outlives_the_capture_passes_on(capsys):
    with captured_output():
        kept = sys.stdout
        kept.flush()
    kept.write("late")
    kept.flush()
    assert capsys.readouterr().err == "late"
    assert kept.writable()
