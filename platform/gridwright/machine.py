"""What this machine has to give, memory and room on the disk, and what processes have taken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")
_PROCESSES = Path("/proc")
_OWN = _PROCESSES / "self" / "statm"


def free_memory() -> int | None:
    """Return the bytes of memory that programs can still take; None where nobody tells.

    A container's limit counts where it is lower than what the machine has left.
    """
    machine = _available()
    container = _left_in_container()
    known = [bytes_ for bytes_ in (machine, container) if bytes_ is not None]
    return min(known, default=None)


def own_memory() -> int | None:
    """Return the bytes of memory of this process that no other shares; None where nobody tells."""
    try:
        _, resident, shared, *_ = map(int, _OWN.read_text(encoding="ascii").split())
    except OSError:  # no Linux
        return None
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def family_memory() -> int | None:
    """Return the bytes of memory of this process and of all that it has started, down the line.

    What they share counts once. None where nobody tells.
    """
    children: dict[int, list[int]] = {}
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            state = (process / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended
            continue
        parent = int(state.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(process.name))
    family = [os.getpid()]
    for process_id in family:
        family += children.get(process_id, [])
    return sum(map(_proportional, family)) or None


def _proportional(process_id: int) -> int:
    """Return a process's bytes of memory, of shared ones its share; 0 if it has ended."""
    try:
        text = (_PROCESSES / str(process_id) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line[:4] == "Pss:")


def free_disk(folder: Path) -> int:
    """Return the free bytes of the file system that holds `folder`, which need not exist yet."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(existing).free


def readable(amount: float) -> str:
    """Return a number of bytes as a person reads it: 310 MB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 else f"{amount:.2g} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"


def _available() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:  # no Linux
        return None
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in fields else None


def _left_in_container() -> int | None:
    try:
        limit = (_CONTAINER / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CONTAINER / "memory.current").read_text(encoding="ascii"))
        # What the kernel can drop at once counts as free, as it does in MemAvailable.
        stat = (_CONTAINER / "memory.stat").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if not limit.isdecimal():
        return None
    cached = next(
        (int(line.split()[1]) for line in stat.splitlines() if line.startswith("inactive_file ")), 0
    )
    return max(0, int(limit) - used + cached)
