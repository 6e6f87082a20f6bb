"""User names and passwords in addresses, and texts without them."""

from __future__ import annotations

import re

# RFC 3986, 3.2.1: what stands between the scheme's slashes and the @, which has no slash in it.
_USER_INFO = re.compile(r"(?<=://)[^/\s@'\"]+@(?=[^\s@])")


def without_passwords(text: str) -> str:
    """Return `text` with every `scheme://user:password@host` as `scheme://host`."""
    return _USER_INFO.sub("", text)
