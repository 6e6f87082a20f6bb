"""Whether anybody listens at an address; clients of Ray and of databases would try for minutes."""

from __future__ import annotations

import socket

_PATIENCE = 10.0  # seconds


def connect_once(host: str, port: int) -> None:
    """Connect, and hang up.

    Raises:
        OSError: nobody answers within 10 s.
        OverflowError: there is no such port.
    """
    socket.create_connection((host, port), timeout=_PATIENCE).close()
