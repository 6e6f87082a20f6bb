import pickle

import numpy as np
import pytest

from gridwright.datasets.array_files import read_npz
from gridwright.errors import DatasetError


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "some.npz"
    np.savez(path, a=np.arange(5000.0), b=np.array(["x"]))
    return path


def test_the_named_arrays_are_returned_in_order(archive):
    b, a = read_npz(archive, ["b", "a"])
    assert a.tolist() == list(range(5000))
    assert b.tolist() == ["x"]


@pytest.mark.parametrize("kept", [0, 1, 3, 100, 20_000, -1])
def test_a_file_cut_short_is_refused(archive, kept):
    archive.write_bytes(archive.read_bytes()[:kept])
    with pytest.raises(DatasetError, match=r"some\.npz (is cut short|is no \.npz archive)"):
        read_npz(archive, ["a", "b"])


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_changed_byte_anywhere_is_found_or_makes_no_difference(tmp_path, save):
    path = tmp_path / "small.npz"
    save(path, a=np.arange(30), b=np.array(["x", "y"]))
    content = path.read_bytes()
    refused = 0
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0xFF
        path.write_bytes(changed)
        try:
            a, b = read_npz(path, ["a", "b"])
        except DatasetError:
            refused += 1
        else:
            assert a.tolist() == list(range(30))
            assert b.tolist() == ["x", "y"]
    assert refused > len(content) / 2


class Trap:
    """Pickled, it writes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_pickled_objects_are_refused_and_never_read(tmp_path):
    sprung = tmp_path / "sprung"
    path = tmp_path / "objects.npz"
    np.savez(path, a=np.array([Trap(str(sprung))], dtype=object))
    with pytest.raises(DatasetError, match=r"objects\.npz holds pickled objects"):
        read_npz(path, ["a"])
    bare = tmp_path / "bare.npz"
    bare.write_bytes(pickle.dumps(Trap(str(sprung))))
    with pytest.raises(DatasetError, match=r"bare\.npz holds pickled objects"):
        read_npz(bare, ["a"])
    assert not sprung.exists()


def test_a_missing_array_is_named_with_those_that_are_there(archive):
    with pytest.raises(DatasetError, match=r"lacks c: it holds a, b, and should hold a, c"):
        read_npz(archive, ["a", "c"])


def test_a_single_array_is_no_archive(tmp_path):
    path = tmp_path / "single.npz"
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(DatasetError, match=r"single\.npz holds a single array"):
        read_npz(path, ["a"])
