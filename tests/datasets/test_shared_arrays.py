import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gridwright.datasets import load, shared, shared_arrays, split
from gridwright.datasets.mapped_arrays import MappedArray
from gridwright.datasets.shared_arrays import FOLDER

CONFIG = {"name": "mnist", "validation_fraction": 0.2}


@pytest.fixture
def parts(data_folder, monkeypatch):
    """20 MB of pictures, as `load` and `split` return them."""
    chance = np.random.default_rng(0)
    arrays = {
        "x_train": chance.integers(0, 256, (5000, 56, 56), dtype=np.uint8),
        "y_train": np.arange(5000, dtype=np.uint8) % 10,
        "x_test": chance.integers(0, 256, (1500, 56, 56), dtype=np.uint8),
        "y_test": np.arange(1500, dtype=np.uint8) % 10,
    }
    np.savez(data_folder / "mnist.npz", **arrays)
    return split(load(CONFIG), CONFIG, "validation")


def files(data_folder):
    return sorted(path for path in (data_folder / FOLDER).iterdir() if path.name != ".lock")


def test_the_same_samples_lie_in_one_file(parts, data_folder):
    one = shared(parts)
    for name in ("x_train", "x_validation", "x_test"):
        array = getattr(one, name)
        assert isinstance(array, MappedArray)
        assert not array.flags.writeable
        np.testing.assert_array_equal(array, getattr(parts, name))
    (file,) = files(data_folder)
    assert file.stat().st_size == 6500 * 56 * 56
    # Another sweep on the same parts takes the same file; other parts are another.
    before = file.stat().st_ino
    shared(split(load(CONFIG), CONFIG, "validation"))
    assert [path.stat().st_ino for path in files(data_folder)] == [before]
    other = CONFIG | {"split_seed": 1}
    shared(split(load(other), other, "validation"))
    assert len(files(data_folder)) == 2


def test_a_test_part_that_ranks_is_stored_once(parts, data_folder):
    one = shared(split(load(CONFIG), CONFIG, "test"))
    assert one.x_validation is one.x_test
    assert files(data_folder)[0].stat().st_size == 6500 * 56 * 56


def test_an_array_is_sent_as_a_place_and_parts_of_it_too(parts):
    one = shared(parts)
    assert len(pickle.dumps(one)) < 100_000
    cut = one.x_train[7:90]
    assert len(pickle.dumps(cut)) < 500
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(cut)), parts.x_train[7:90])
    # What is no part of the file is sent as it is.
    for array in (one.x_train[[5, 3]], one.x_train[::2], one.x_train[:3] + 1, one.x_train.T[:2]):
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(array)), np.array(array))


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux's /proc")
def test_four_processes_hold_one_copy(parts, data_folder, tmp_path):
    """Measured: each page counts in shares of the processes that have it (proportional set size)."""
    message = tmp_path / "message"
    message.write_bytes(pickle.dumps(shared(parts)))
    program = (
        "import pickle, sys; data = pickle.load(open(sys.argv[1], 'rb'));"
        "print(sum(int(x.sum()) for x in (data.x_train, data.x_validation, data.x_test)), flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(message)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(4)
    ]
    try:
        sums = {worker.stdout.readline() for worker in workers}
        assert len(sums) == 1
        (file,) = files(data_folder)
        held = [sum(mapped_bytes(worker.pid, str(file)).values()) for worker in workers]
    finally:
        for worker in workers:
            worker.communicate()
    size = file.stat().st_size
    assert sum(held) == pytest.approx(size, rel=0.05)


def mapped_bytes(pid, path):
    """Return the proportional set size of each map of a file in a process, in bytes."""
    found, current = {}, None
    with Path(f"/proc/{pid}/smaps").open() as lines:
        for line in lines:
            if "-" in line.split(" ")[0]:
                current = line if path in line else None
            elif current and line.startswith("Pss:"):
                found[current] = int(line.split()[1]) * 1024
    return found


def test_small_data_stays_as_it_is(small_pictures, data_folder):
    data = split(load(CONFIG), CONFIG, "validation")
    assert shared(data) is data
    assert not (data_folder / FOLDER).exists()


def test_where_nothing_can_be_written_data_stays_as_it_is(parts, data_folder, monkeypatch):
    (data_folder / FOLDER).write_text("no folder")
    assert shared(parts) is parts
    (data_folder / FOLDER).unlink()
    monkeypatch.setattr(shared_arrays, "MOST_BYTES", 1 << 20)
    assert shared(parts) is parts
    assert files(data_folder) == []


def test_a_file_that_was_cut_short_is_written_anew(parts, data_folder):
    shared(parts)
    (file,) = files(data_folder)
    file.write_bytes(file.read_bytes()[:1000])
    np.testing.assert_array_equal(shared(parts).x_test, parts.x_test)


def test_old_files_and_those_of_an_earlier_boot_go(parts, data_folder, monkeypatch):
    folder = data_folder / FOLDER
    folder.mkdir()
    boot = shared_arrays._boot()
    for name in ("a.another-boot", f"old.{boot}", f"kept.{boot}"):
        (folder / name).write_bytes(b"x" * 100)
    past = time.time() - 30 * 24 * 3600
    os.utime(folder / f"old.{boot}", (past, past))
    shared(parts)
    assert [path.name for path in files(data_folder) if path.stat().st_size == 100] == [
        f"kept.{boot}"
    ]
    monkeypatch.setattr(shared_arrays, "MOST_BYTES", 6500 * 56 * 56 + 50)
    other = CONFIG | {"split_seed": 1}
    shared(split(load(other), other, "validation"))
    assert len(files(data_folder)) == 1
