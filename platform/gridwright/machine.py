"""What this machine has to give, memory and room on the disk, and what this process has taken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/statm")


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
