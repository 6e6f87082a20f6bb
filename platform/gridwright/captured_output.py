"""What a trial prints, kept as text of bounded length."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Characters that are kept; of longer output the end, where the reason of a failure stands.
LIMIT = 64_000


class CapturedOutput(io.TextIOBase):
    """A text stream that keeps the last `LIMIT` characters written to it.

    Once released it passes everything on to `afterwards`: a logging handler that was made during
    a trial keeps its stream for good, and must go on being heard.

    Attributes:
        afterwards: the stream that gets what is written after the release.
    """

    def __init__(self, afterwards: TextIO) -> None:
        self.afterwards = afterwards
        self._text = ""
        self._written = 0
        self._released = False

    def writable(self) -> bool:
        """Return True: that is what it is for."""
        return True

    def write(self, text: str) -> int:
        """Keep `text`, or pass it on after the release."""
        if self._released:
            return self.afterwards.write(text)
        self._written += len(text)
        self._text += text
        # Cutting at twice the limit makes the cost of a cut rare.
        if len(self._text) > 2 * LIMIT:
            self._text = self._text[-LIMIT:]
        return len(text)

    def flush(self) -> None:
        """Flush the stream behind it, once released."""
        if self._released:
            self.afterwards.flush()

    def release(self) -> None:
        """Keep nothing more."""
        self._released = True

    @property
    def text(self) -> str:
        """What was kept, under a line that says how much was not."""
        kept = self._text[-LIMIT:]
        left_out = self._written - len(kept)
        return f"[{left_out} characters before this are left out]\n{kept}" if left_out else kept


@contextmanager
def captured_output() -> Iterator[CapturedOutput]:
    """Keep what Python code prints to standard output and error in one text, in its order."""
    captured = CapturedOutput(sys.stderr)
    try:
        # redirect_stdout is annotated for a TextIO, of which only these methods are ever used.
        stream = cast("TextIO", captured)
        with redirect_stdout(stream), redirect_stderr(stream):
            yield captured
    finally:
        captured.release()
