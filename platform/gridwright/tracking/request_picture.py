"""Pictures of a request: PNG files as base64 text -> the bytes of their pixels."""

from __future__ import annotations

import base64
import binascii
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.tracking.refusals import RefusedInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from gridwright.contract import Array

#: How a data URL of a PNG begins; it may stand before the base64 text.
_DATA_URL = "data:image/png;base64,"
# Pillow's modes whose pixels are those of the file, by channels; a palette is a way to store RGB.
_MODES = {1: ("L",), 3: ("RGB", "P"), 4: ("RGBA",)}


def are_pictures(payload: Any) -> bool:
    """Tell whether a request holds texts where samples should be."""
    return isinstance(payload, list) and bool(payload) and all(isinstance(x, str) for x in payload)


def pictures(payload: Sequence[str], shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return the pixels `(n, *shape)` of PNG files, uint8.

    Args:
        payload: base64 texts, with or without `data:image/png;base64,` before them.
        shape: of a sample: `(height, width)` or `(height, width, channels)`.
        dtype: the model's type.

    Raises:
        RefusedInput: a model that takes no pictures of bytes, or a text that is no PNG of that
            size and those channels.
    """
    channels = shape[2] if len(shape) == 3 else 1
    if dtype != np.uint8 or len(shape) not in {2, 3} or channels not in _MODES:
        raise RefusedInput(
            f"this model takes samples of shape {shape} and type {dtype}, which no PNG holds: send "
            "them as nested lists of numbers in `inputs`"
        )
    return np.stack([_pixels(text, shape, channels, row) for row, text in enumerate(payload)])


def _pixels(text: str, shape: tuple[int, ...], channels: int, row: int) -> Array:
    from PIL import Image

    try:
        content = base64.b64decode(text.removeprefix(_DATA_URL), validate=True)
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            # The header says how large it is; a small file can unpack to gigabytes.
            _check(picture, shape, channels, row)
            pixels = np.asarray(picture.convert("RGB") if picture.mode == "P" else picture)
    except (binascii.Error, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise RefusedInput(
            f"sample {row} (counted from 0) is a text, and not a PNG file in base64"
        ) from None
    return pixels.reshape(shape)


def _check(picture: Image, shape: tuple[int, ...], channels: int, row: int) -> None:
    height, width = shape[:2]
    if picture.size != (width, height) or picture.mode not in _MODES[channels]:
        raise RefusedInput(
            f"sample {row} (counted from 0) is a PNG of {picture.height}x{picture.width} pixels "
            f"and mode {picture.mode}, but this model takes {height}x{width} pixels and mode "
            f"{_MODES[channels][0]}"
        )
