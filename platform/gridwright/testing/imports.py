"""What loading a plugin imports, seen in a process of its own."""

# ruff: noqa: S101 - pytest's asserts

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def imported_by(call: str, frameworks: Sequence[str]) -> list[str]:
    """Return those of `frameworks` that a function of `gridwright.plugins` imports.

    Args:
        call: the function with its arguments, as Python reads it.
        frameworks: names of modules.
    """
    code = (
        f"import sys; from gridwright import plugins; plugins.{call};"
        f"print(*[name for name in {list(frameworks)!r} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()
