import numpy as np
import pytest

from gridwright.datasets import load
from gridwright.errors import DatasetError


def write(folder, part, text):
    (folder / "statlog").mkdir(exist_ok=True)
    (folder / "statlog" / f"sat.{part}").write_text(text)


def line(first, label):
    return " ".join(map(str, [first, *range(2, 37), label])) + "\n"


def test_the_last_column_is_the_class(data_folder):
    write(data_folder, "trn", line(1, 3) + line(5, 7) + line(9, 3))
    write(data_folder, "tst", line(2, 7))
    dataset = load({"name": "statlog"})
    assert dataset.x.shape == (3, 36)
    assert dataset.x.dtype == np.float64
    assert dataset.x[:, 0].tolist() == [1.0, 5.0, 9.0]
    assert dataset.y.tolist() == [3, 7, 3]
    assert dataset.y_test.tolist() == [7]
    assert dataset.classes == (3, 7)
    assert len(set(dataset.feature_names)) == 36


def test_the_published_files_are_read(data_folder, shared_datasets):
    (data_folder / "statlog").mkdir()
    for name in ("sat.trn", "sat.tst"):
        (data_folder / "statlog" / name).symlink_to(shared_datasets / name)
    dataset = load({"name": "statlog"})
    assert (len(dataset.x), len(dataset.x_test)) == (4435, 2000)
    assert dataset.classes == (1, 2, 3, 4, 5, 7)


@pytest.mark.parametrize("text", [line(1, 3)[:-4] + "\n", "1 2 3\n4 5\n", line("x", 3), "1.5 2\n"])
def test_a_damaged_file_is_named(data_folder, text):
    write(data_folder, "trn", text)
    write(data_folder, "tst", line(2, 7))
    with pytest.raises(DatasetError, match=r"sat\.trn .* fetch it again"):
        load({"name": "statlog"})


def test_an_empty_file_is_named(data_folder):
    write(data_folder, "trn", "")
    write(data_folder, "tst", line(2, 7))
    with pytest.raises(DatasetError, match=r"sat\.trn"):
        load({"name": "statlog"})


def test_half_a_set_is_not_taken_for_whole(data_folder):
    write(data_folder, "trn", line(1, 3) + line(5, 7))
    with pytest.raises(DatasetError, match=r"needs the file statlog/sat\.tst"):
        load({"name": "statlog"})
