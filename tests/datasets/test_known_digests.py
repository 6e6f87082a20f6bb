import os
import time

import numpy as np
import pytest

from gridwright.datasets import known_digests, load
from gridwright.datasets.digests import FollowingDigest, digest_arrays

CONFIG = {"name": "mnist"}


@pytest.fixture
def path(small_pictures, data_folder, monkeypatch):
    monkeypatch.setattr(known_digests, "LEAST_BYTES", 0)
    path = data_folder / "mnist.npz"
    settle(path)
    return path


def settle(path, seconds=60):
    """Make a file one that was changed some time ago."""
    past = time.time_ns() - seconds * 10**9
    os.utime(path, ns=(past, past))


@pytest.fixture
def counted(monkeypatch):
    calls = []

    def count(*arguments):
        calls.append(1)
        return digest_arrays(*arguments)

    def count_following(*arguments):
        calls.append(1)
        return FollowingDigest(*arguments)

    monkeypatch.setattr("gridwright.datasets.dataset.digest_arrays", count)
    monkeypatch.setattr("gridwright.datasets.pictures.FollowingDigest", count_following)
    # The time of change of an inode cannot be set: let it be long ago.
    monkeypatch.setattr(known_digests, "_SETTLED_NS", -(10**9))
    return calls


def test_a_file_is_digested_once(path, counted):
    first = load(CONFIG).digest
    assert [load(CONFIG).digest for _ in range(3)] == [first] * 3
    assert len(counted) == 1
    # How it is divided makes no other data; what is kept of it does.
    assert load(CONFIG | {"validation_fraction": 0.3}).digest == first
    assert load(CONFIG | {"limit": 50}).digest != first
    assert len(counted) == 2


def test_a_changed_file_is_noticed(path, counted, small_pictures):
    first = load(CONFIG).digest
    told = path.stat()
    small_pictures["x_train"][0, 0, 0] ^= 1
    np.savez_compressed(path, **small_pictures)
    path.write_bytes(path.read_bytes().ljust(told.st_size, b"\0"))
    # The same size, or nearly, and the old time: the time of change of the inode tells.
    os.utime(path, ns=(told.st_mtime_ns, told.st_mtime_ns))
    assert load(CONFIG).digest != first
    assert len(counted) == 2


def test_a_file_that_was_written_just_now_is_not_remembered(path, data_folder):
    settle(path, 0)
    assert load(CONFIG).digest == load(CONFIG).digest
    assert not (data_folder / known_digests.FOLDER).exists()


@pytest.mark.parametrize("content", [b"", b"no digest", b"\xff" * 64])
def test_a_damaged_memory_is_none(path, counted, data_folder, content):
    first = load(CONFIG).digest
    (file,) = (data_folder / known_digests.FOLDER).iterdir()
    file.write_bytes(content)
    assert load(CONFIG).digest == first
    assert len(counted) == 2


def test_a_folder_that_cannot_be_written_costs_time_only(path, counted, data_folder):
    (data_folder / known_digests.FOLDER).write_text("no folder")
    assert load(CONFIG).digest == load(CONFIG).digest
    assert len(counted) == 2
