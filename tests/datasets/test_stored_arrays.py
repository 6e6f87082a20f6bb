import os
import time

import numpy as np
import pytest

from gridwright.datasets import stored_arrays
from gridwright.datasets.mapped_arrays import MappedArray
from gridwright.datasets.stored_arrays import FOLDER, Form, stored, taken
from gridwright.errors import DatasetError

ROWS = np.arange(60, dtype=np.int32).reshape(20, 3)
FORM = Form(ROWS.shape, ROWS.dtype)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(stored_arrays, "PIECE", 40)  # three rows


def pieces():
    return (ROWS[step] for step in FORM.steps())


def files(data_folder):
    return sorted(f for f in (data_folder / FOLDER).iterdir() if f.suffix != ".lock")


def test_an_array_is_written_in_pieces_and_found_again(data_folder):
    assert [step.stop - step.start for step in FORM.steps()] == [3, 3, 3, 3, 3, 3, 2]
    array = stored("key", FORM, pieces)
    assert isinstance(array, MappedArray)
    np.testing.assert_array_equal(array, ROWS)
    again = stored("key", FORM, lambda: pytest.fail("it is there"))
    np.testing.assert_array_equal(again, ROWS)
    other = stored("other", FORM, lambda: [ROWS + 1])
    np.testing.assert_array_equal(other, ROWS + 1)
    assert [file.stat().st_size for file in files(data_folder)] == [240, 240]


def test_rows_of_it_go_to_a_file_unless_they_are_few(data_folder):
    array = stored("key", FORM, pieces)
    rows = np.array([7, 0, 19, 4])
    some = taken(array, rows)
    assert isinstance(some, MappedArray)
    np.testing.assert_array_equal(some, ROWS[rows])
    np.testing.assert_array_equal(taken(array[5:], rows[:2]), ROWS[5:][rows[:2]])
    few = taken(array, rows[:2])
    assert not isinstance(few, MappedArray)
    assert not few.flags.writeable
    np.testing.assert_array_equal(few, ROWS[rows[:2]])
    assert len(files(data_folder)) == 2


def test_what_fails_on_the_way_leaves_nothing(data_folder):
    def broken():
        yield ROWS[:3]
        raise DatasetError("a picture is broken")

    with pytest.raises(DatasetError, match="is broken"):
        stored("key", FORM, broken)
    assert files(data_folder) == []
    np.testing.assert_array_equal(stored("key", FORM, pieces), ROWS)


def test_a_disk_without_room_is_named_before_anything_is_written(data_folder, monkeypatch):
    monkeypatch.setattr(stored_arrays, "free_disk", lambda _: (1 << 30) + 300)
    stored("key", FORM, pieces)
    with pytest.raises(DatasetError) as caught:
        stored("other", FORM, lambda: pytest.fail("there is no room"), room=480)
    assert str(caught.value) == (
        f"samples that do not fit into memory are kept in {data_folder / FOLDER}, which takes 480 "
        "bytes there, and 300 bytes can be used: make room, or let GRIDWRIGHT_DATA name a folder "
        "on a larger disk"
    )


def test_a_disk_that_is_full_on_the_way_is_named(data_folder):
    def full():
        yield ROWS[:3]
        raise OSError(28, "No space left on device")

    with pytest.raises(
        DatasetError, match=r"cannot be kept in .* \(No space left on device\): make"
    ):
        stored("key", FORM, full)
    assert files(data_folder) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path / "file"))
    with pytest.raises(
        DatasetError, match=r"cannot be kept in .*GRIDWRIGHT_DATA name a folder that"
    ):
        stored("key", FORM, pieces)


def test_what_is_old_and_what_a_kill_has_left_goes(data_folder):
    stored("old", FORM, pieces)
    (old,) = files(data_folder)
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    stored("key", FORM, pieces)
    (new,) = files(data_folder)
    assert new != old
    half = new.with_name(f".{new.name}.1-2.tmp")
    new.rename(half)
    stored("key", FORM, pieces)
    assert files(data_folder) == [new]
