"""What reading data costs, beside numpy's and Arrow's own readers in the same run."""

import io
import time

import numpy as np
import pytest
from pyarrow import csv

from gridwright.datasets import load

pytestmark = pytest.mark.benchmark
ROUNDS = 3
ROWS, COLUMNS = 1_000_000, 30


def fastest(function):
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def test_a_large_csv_beside_arrows_own_reader(tmp_path, capsys):
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(ROWS // 100, COLUMNS - 1)).round(4)
    text = io.StringIO()
    np.savetxt(text, rows, delimiter=",", fmt="%.4f")
    lines = [
        f"{line},{'yes' if i % 3 else 'no'}\n"
        for i, line in enumerate(text.getvalue().splitlines())
    ]
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(",".join([*(f"c{i}" for i in range(COLUMNS - 1)), "y"]) + "\n")
        for _ in range(100):
            file.writelines(lines)
    config = {"kind": "table", "path": str(path), "target": "y"}
    assert load(config).x.columns[3].values.shape == (ROWS,)
    ours, theirs = fastest(lambda: load(config)), fastest(lambda: csv.read_csv(path))
    with capsys.disabled():
        print(
            f"\n{ROWS:,} rows x {COLUMNS}: ours {ours:.2f} s, pyarrow {theirs:.2f} s, ratio {ours / theirs:.2f}"
        )


def test_cifar10_beside_numpys_load_and_the_digest_beside_reading(tmp_path, monkeypatch, capsys):
    chance = np.random.default_rng(0)
    arrays = {
        "x_train": chance.integers(0, 256, (50_000, 32, 32, 3), dtype=np.uint8),
        "y_train": np.arange(50_000, dtype=np.uint8) % 10,
        "x_test": chance.integers(0, 256, (10_000, 32, 32, 3), dtype=np.uint8),
        "y_test": np.arange(10_000, dtype=np.uint8) % 10,
    }
    path = tmp_path / "cifar10.npz"
    np.savez(path, **arrays)
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path))

    def theirs():
        with np.load(path) as archive:
            return [archive[name] for name in archive.files]

    ours = fastest(lambda: load({"name": "cifar10"}))
    numpy = fastest(theirs)
    digest = fastest(lambda: load({"name": "cifar10"}).digest) - ours
    with capsys.disabled():
        print(
            f"\nCIFAR-10: ours {ours:.3f} s, numpy.load {numpy:.3f} s, ratio {ours / numpy:.2f}; "
            f"the digest adds {digest:.3f} s, {digest / ours:.0%} of reading"
        )
