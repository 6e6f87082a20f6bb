"""What the user's own data is called, where nobody names it: a name that MLflow takes, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 80


def readable_name(path: Path) -> str:
    """Return the file's or folder's name without its endings, in letters, digits, `_`, `-`, `.`.

    A registered model is asked for as `models:/<name>@champion`, in which MLflow allows neither
    `/` nor `:`, and a shell would want quotes around spaces.
    """
    resolved = path.absolute()
    stem = resolved.name
    for suffix in reversed(resolved.suffixes[-2:]):
        stem = stem.removesuffix(suffix) if re.fullmatch(r"\.\w{1,8}", suffix) else stem
    name = re.sub(r"[^\w.-]+", "_", stem).strip("._-")[:_LONGEST]
    return name or "data"
