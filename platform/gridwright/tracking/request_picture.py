"""Pictures of a request: files as base64 text -> the bytes of their pixels."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets.picture_decoding import DAMAGE, FORMATS, decoded, upright_size
from gridwright.tracking.refusals import RefusedInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.contract import Array

#: How a data URL of a picture begins; it may stand before the base64 text.
_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,")
#: Key of the stored model's metadata: the pictures of its training were made one size.
RESIZES = "resizes_pictures"
#: Pillow's mode of the pixels that a model takes, by channels.
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def are_pictures(payload: Any) -> bool:
    """Tell whether a request holds texts where samples should be."""
    return isinstance(payload, list) and bool(payload) and all(isinstance(x, str) for x in payload)


def pictures(
    payload: Sequence[str], shape: tuple[int, ...], dtype: np.dtype[Any], *, resize: bool = False
) -> Array:
    """Return the pixels `(n, *shape)` of picture files, uint8, decoded as those of training were.

    Args:
        payload: base64 texts of PNG, JPEG and other files that `dataset=images` reads, with or
            without `data:image/png;base64,` before them.
        shape: of a sample: `(height, width)` or `(height, width, channels)`.
        dtype: the model's type.
        resize: pictures of another size are made the model's, as those of training were.

    Raises:
        RefusedInput: a model that takes no pictures of bytes, or a text that is no picture of that
            size.
    """
    channels = shape[2] if len(shape) == 3 else 1
    if dtype != np.uint8 or len(shape) not in {2, 3} or channels not in _MODES:
        raise RefusedInput(
            f"this model takes samples of shape {shape} and type {dtype}, which no picture holds: "
            "send them as nested lists of numbers in `inputs`"
        )
    return np.stack(
        [_pixels(text, shape, _MODES[channels], row, resize) for row, text in enumerate(payload)]
    )


def _pixels(text: str, shape: tuple[int, ...], mode: str, row: int, resize: bool) -> Array:
    from PIL import Image

    height, width = shape[:2]
    try:
        content = base64.b64decode(_DATA_URL.sub("", text, count=1), validate=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
        with picture:
            # The header says how large it is; a small file can unpack to gigabytes.
            sent = upright_size(picture)
            if resize or sent == (width, height):
                return decoded(picture, mode, (width, height)).reshape(shape)
    except (
        *(binascii.Error, *DAMAGE),
        *(Image.DecompressionBombWarning, Image.DecompressionBombError),
    ):
        raise RefusedInput(
            f"sample {row} (counted from 0) is a text, and not a picture file (PNG, JPEG, ...) in "
            "base64"
        ) from None
    raise RefusedInput(
        f"sample {row} (counted from 0) is a picture of {sent[0]} x {sent[1]} pixels (width x "
        f"height), but this model takes {width} x {height}, as all pictures of its training had: "
        "resize it, or train with dataset.size, which makes the model do so"
    )
