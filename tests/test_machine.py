import subprocess
import sys

import pytest

from gridwright import machine


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0 bytes"),
        (7, "7 bytes"),
        (4_200, "4.2 kB"),
        (31_000_000, "31 MB"),
        (3.14e9, "3.1 GB"),
        (2.5e12, "2.5 TB"),
        (2.5e15, "2,500.0 TB"),
    ],
)
def test_bytes_read_well(amount, text):
    assert machine.readable(amount) == text


def test_free_memory_is_what_the_kernel_says(tmp_path, monkeypatch):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:       100 kB\nMemAvailable:    60 kB\n")
    monkeypatch.setattr(machine, "_MEMINFO", meminfo)
    monkeypatch.setattr(machine, "_CONTAINER", tmp_path)
    assert machine.free_memory() == 60 * 1024
    for name, text in {
        "memory.max": "40960\n",
        "memory.current": "20480\n",
        "memory.stat": "anon 1\ninactive_file 10240\n",
    }.items():
        (tmp_path / name).write_text(text)
    assert machine.free_memory() == 30 * 1024
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.free_memory() == 60 * 1024
    meminfo.unlink()
    assert machine.free_memory() is None


@pytest.mark.parametrize(
    ("line", "folder", "names"),
    [
        ("0::/jobs/mine", "jobs", ("memory.max", "memory.current", "inactive_file")),
        (
            "4:cpu,memory:/jobs/mine",
            "memory/jobs/mine",
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ),
    ],
)
def test_the_limit_of_a_group_around_this_process_counts(
    line, folder, names, tmp_path, monkeypatch
):
    groups = tmp_path / "own"
    groups.write_text(f"5:pids:/other\n{line}\n")
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable:    60 kB\n")
    (tmp_path / folder).mkdir(parents=True)
    limit, used, cached = names
    (tmp_path / folder / limit).write_text("40960\n")
    (tmp_path / folder / used).write_text("20480\n")
    (tmp_path / folder / "memory.stat").write_text(f"cache 7\n{cached} 10240\n")
    monkeypatch.setattr(machine, "_MEMINFO", meminfo)
    monkeypatch.setattr(machine, "_CONTAINER", tmp_path)
    monkeypatch.setattr(machine, "_OWN_GROUPS", groups)
    assert machine.free_memory() == 30 * 1024


def test_free_disk_of_a_folder_that_is_not_there_yet(tmp_path):
    assert machine.free_disk(tmp_path / "a" / "b") > 0


@pytest.mark.skipif(not machine._OWN.exists(), reason="needs Linux's /proc")
def test_own_memory_grows_by_what_is_taken(monkeypatch, tmp_path):
    before = machine.own_memory()
    taken = bytearray(b"x") * 50_000_000
    assert 40_000_000 < machine.own_memory() - before < 80_000_000
    del taken
    monkeypatch.setattr(machine, "_OWN", tmp_path / "absent")
    assert machine.own_memory() is None


@pytest.mark.skipif(not machine._OWN.exists(), reason="needs Linux's /proc")
def test_the_memory_of_a_family_is_that_of_its_processes(monkeypatch, tmp_path):
    before = machine.family_memory()
    code = "taken = bytearray(b'x') * 80_000_000; print(flush=True); input()"
    # The child of a child counts, too.
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", nested], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        grown = machine.family_memory() - before
        child.stdin.write(b"\n")
    assert 70_000_000 < grown < 160_000_000
    monkeypatch.setattr(machine, "_PROCESSES", tmp_path)
    assert machine.family_memory() is None
