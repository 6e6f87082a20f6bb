"""Which code a run came from: captured once, in the process that starts the trials."""

from __future__ import annotations

import getpass
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who ran what.

    Attributes:
        commit: git commit of the working folder; empty outside of a repository.
        dirty: whether tracked files differ from that commit.
        user: login name.
        program: the program that was started.
    """

    commit: str = ""
    dirty: bool = False
    user: str = ""
    program: str = ""


def capture(folder: Path | None = None) -> Provenance:
    """Return the provenance of `folder` (default: the working folder).

    A missing git, or a folder outside of any repository, leaves `commit` empty.
    """
    where = folder or Path.cwd()
    commit = _git(where, "rev-parse", "HEAD")
    dirty = bool(commit) and bool(_git(where, "status", "--porcelain", "--untracked-files=no"))
    return Provenance(commit=commit, dirty=dirty, user=_user(), program=Path(sys.argv[0]).name)


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    try:
        answer = subprocess.run(  # noqa: S603 - git itself, with arguments fixed in this module
            [git, "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for the user
        return ""
