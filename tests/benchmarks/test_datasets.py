"""What reading data costs, beside numpy's and Arrow's own readers in the same run."""

import io
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pyarrow import csv

from gridwright.datasets import load, shared, split

pytestmark = pytest.mark.benchmark
ROUNDS = 3
ROWS, COLUMNS = 1_000_000, 30


def fastest(*functions):
    """Return the shortest time of each (s); they take turns, so that none is alone."""
    times = [[] for _ in functions]
    for _ in range(ROUNDS):
        for taken, function in zip(times, functions, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return [min(taken) for taken in times]


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
    ours, theirs = fastest(lambda: load(config), lambda: csv.read_csv(path))
    with capsys.disabled():
        print(
            f"\n{ROWS:,} rows x {COLUMNS}: ours {ours:.2f} s, pyarrow {theirs:.2f} s, ratio {ours / theirs:.2f}"
        )


def stored_cifar(folder):
    """Write noise of CIFAR-10's sizes, and return its file."""
    chance = np.random.default_rng(0)
    path = folder / "cifar10.npz"
    np.savez(
        path,
        x_train=chance.integers(0, 256, (50_000, 32, 32, 3), dtype=np.uint8),
        y_train=np.arange(50_000, dtype=np.uint8) % 10,
        x_test=chance.integers(0, 256, (10_000, 32, 32, 3), dtype=np.uint8),
        y_test=np.arange(10_000, dtype=np.uint8) % 10,
    )
    return path


def test_cifar10_beside_numpys_load(tmp_path, monkeypatch, capsys):
    path = stored_cifar(tmp_path)
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(tmp_path))

    def theirs():
        with np.load(path) as archive:
            return [archive[name] for name in archive.files]

    ours, numpy = fastest(lambda: load({"name": "cifar10"}), theirs)
    with capsys.disabled():
        print(f"\nCIFAR-10: ours {ours:.3f} s, numpy.load {numpy:.3f} s, ratio {ours / numpy:.2f}")


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A data folder with a set of CIFAR-10's sizes, from a while ago."""
    folder = tmp_path / "data"
    folder.mkdir()
    stored_cifar(folder)
    time.sleep(2.5)  # a file that was changed just now is digested each time
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(folder))
    return folder


def test_what_a_second_command_and_a_second_trial_pay_for_data(cifar, capsys):
    config = {"name": "cifar10", "validation_fraction": 0.1}
    all_of_it = config | {"limit": 50_000}  # and no digest while it is read
    whole = load(all_of_it)

    def digested():
        return load(config).following.hexdigest()

    assert digested() == whole._digest()
    read, both, alone = fastest(lambda: load(all_of_it), digested, whole._digest)
    assert load(config).digest == load(config).digest  # it is remembered from here on
    fresh = [load(config) for _ in range(ROUNDS)]
    (digest,) = fastest(lambda: fresh.pop().digest)
    message = pickle.dumps(shared(split(load(config), config, "validation")))
    (trial,) = fastest(lambda: pickle.loads(message))
    with capsys.disabled():
        print(
            f"\nCIFAR-10: the digest adds {digest / read:.1%} to reading ({read:.3f} s) once it is "
            f"remembered, and {both / read - 1:.0%} the first time, made while reading, on another "
            f"core if one is free ({alone / read:.0%} when it is made afterwards); "
            f"a trial gets its data in {trial * 1000:.2f} ms, in {len(message):,} bytes"
        )


@pytest.mark.alone
def test_two_sweeps_of_four_trials_hold_one_copy(cifar, tmp_path, capsys):
    """Proportional set size of the samples, in all processes that have them, while all train."""
    words = [
        "-m",
        "dataset=cifar10",
        "model=numpy-mlp",
        "model.hidden_layer=[8]",
        "model.epoch=400",
    ]
    sweeps = [
        subprocess.Popen(
            [sys.executable, "-m", "gridwright", *words, "seed=1,2", f"model.eta={eta}", "forecast=false"],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for eta in ("0.001", "0.002")
    ]  # fmt: skip
    try:
        deadline = time.monotonic() + 400
        while time.monotonic() < deadline and all(sweep.poll() is None for sweep in sweeps):
            held = mapped_bytes("/data/shared/")
            if sum(name.startswith("ray::") for name, _ in held) >= 4:
                break
            time.sleep(1)
        time.sleep(20)  # a few epochs: all of it has been looked at
        held, size = mapped_bytes("/data/shared/"), 60_000 * 3072
        stores = sum(amount for _, amount in mapped_bytes("plasma"))
    finally:
        for sweep in sweeps:
            sweep.send_signal(signal.SIGINT)
        for sweep in sweeps:
            sweep.wait()
    trials = sum(name.startswith("ray::") for name, _ in held)
    total = sum(amount for _, amount in held)
    with capsys.disabled():
        print(
            f"\n2 sweeps, {trials} trials, {len(held)} processes: {total / size:.2f} copies of the "
            f"samples mapped, {stores / size:.2f} in Ray's object stores"
        )


def mapped_bytes(path):
    """Return (name, proportional set size in bytes) of each process that maps such a file."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            lines = (process / "smaps").read_text().splitlines()
            name = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, UnicodeError):
            continue
        inside, amount = False, 0
        for line in lines:
            if "-" in line.split(" ")[0]:
                inside = path in line
            elif inside and line.startswith("Pss:"):
                amount += int(line.split()[1]) * 1024
        if amount:
            found.append((name, amount))
    return found
