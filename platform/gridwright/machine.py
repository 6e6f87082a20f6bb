"""What this machine has to give, memory and room on the disk, and what processes have taken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_CONTAINER = Path("/sys/fs/cgroup")
#: Limit, use, and what the kernel can drop of that, in the second and the first version.
_GROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
_OWN_GROUPS = Path("/proc/self/cgroup")
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


def limit_threads(cpus: int) -> None:
    """Give this process the threads of a trial, as Ray does for its workers.

    NumPy's library and TensorFlow read the variable when they start; what the user has set stays.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cpus)))


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
    """Return what the tightest of the control groups of this process leaves it."""
    left = [_left_in_group(folder) for folder in _control_groups()]
    return min((bytes_ for bytes_ in left if bytes_ is not None), default=None)


def _control_groups() -> list[Path]:
    """Return the folders of the groups that may limit memory: our own, and those around it."""
    folders = [_CONTAINER, _CONTAINER / "memory"]
    try:
        lines = _OWN_GROUPS.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeError):
        return folders
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        base = _CONTAINER / "memory" if controllers else _CONTAINER
        own = base / path.strip("/")
        folders += [own, *(group for group in own.parents if base in group.parents)]
    return folders


def _left_in_group(folder: Path) -> int | None:
    for limit_name, used_name, cached_name in _GROUP_FILES:
        try:
            limit = (folder / limit_name).read_text(encoding="ascii").strip()
            used = int((folder / used_name).read_text(encoding="ascii"))
            # What the kernel can drop at once counts as free, as it does in MemAvailable.
            stat = (folder / "memory.stat").read_text(encoding="ascii")
        except (OSError, ValueError):
            continue
        if limit.isdecimal():
            fields = dict(line.split(maxsplit=1) for line in stat.splitlines())
            return max(0, int(limit) - used + int(fields.get(cached_name, 0)))
    return None
