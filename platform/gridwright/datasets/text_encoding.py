"""In which encoding a file of text is written, and the text that it begins with."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What text that is no Unicode may be written in -> what people call it.
NATIONAL = {
    "gb18030": "Chinese (GB 18030)",
    "big5": "Chinese (Big5)",
    "cp932": "Japanese (Shift JIS)",
    "cp949": "Korean (EUC-KR)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1252": "Windows-1252 (Latin-1)",
}


def encoding_of(sample: bytes, known_names: AbstractSet[str] = frozenset()) -> str:
    """Return the encoding that a file begins to be written in.

    A byte order mark decides; without one, zero bytes tell UTF-16. What is not UTF-8 is Chinese,
    Japanese, Korean, Cyrillic or Greek where its letters say so, and else Windows-1252, the
    superset of Latin-1 that its files are really written in.

    Raises:
        DatasetError: the file is no text.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    zeros = sample.count(0)
    if zeros:
        even = sample[::2].count(0)
        if zeros > len(sample) * 0.2 and even in {0, zeros}:
            return "utf-16-be" if even else "utf-16-le"
        raise DatasetError("it holds zero bytes and is no text")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return _national(sample, known_names)
    return "utf-8"


def _national(sample: bytes, known_names: AbstractSet[str]) -> str:
    """Return the encoding of text that is no Unicode, by the frequency of its letters."""
    from charset_normalizer import from_bytes

    lines = [line for line in sample.splitlines()[:-1] or [sample] if not line.isascii()]
    likely = [match.encoding for match in from_bytes(b"\n".join(lines), cp_isolation=[*NATIONAL])]
    # A name that the user has typed tells more than the letters of a short file.
    for encoding in [*likely, *NATIONAL]:
        text = sample.decode(encoding, errors="ignore")
        if any(name in text for name in known_names if not name.isascii()):
            return encoding
    return likely[0] if likely and likely[0] in NATIONAL else "cp1252"


def decoded_text(sample: bytes, encoding: str) -> str:
    """Return the text that a file begins with; a character that is cut in two is left out.

    Raises:
        DatasetError: there is no such encoding, or the file is not written in it.
    """
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample)
    except LookupError:
        raise DatasetError(
            f"dataset.encoding must be an encoding such as utf-8, utf-16 or latin-1, not "
            f"{encoding!r}"
        ) from None
    except UnicodeError as error:
        raise DatasetError(
            f"it is not written in {encoding} ({getattr(error, 'reason', error)}): set "
            "dataset.encoding to the right one, or to null to have it found out"
        ) from error
