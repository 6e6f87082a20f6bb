"""The pixels of a picture file, as a model sees them: upright, opaque, in grey or in colour."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

    from gridwright.contract import Array

#: Formats of files that are taken for pictures, as Pillow names them.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
#: What Pillow raises for files that are cut short or were altered.
DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error)
_GREY = frozenset({"1", "L", "LA", "I", "I;16", "I;16B", "F"})
_ORIENTATION = 0x0112  # of EXIF; from 5 on, the picture lies on its side


def is_grey(picture: Image.Image) -> bool:
    """Tell whether a picture has no colours."""
    return picture.mode in _GREY


def upright_size(picture: Image.Image) -> tuple[int, int]:
    """Return (width, height) once the camera's rotation is applied."""
    turned = picture.getexif().get(_ORIENTATION, 1) >= 5
    return picture.size[::-1] if turned else picture.size


def decoded(picture: Image.Image, mode: str, size: tuple[int, int]) -> Array:
    """Return the pixels, uint8 `(height, width)` or `(height, width, channels)`.

    Transparency is laid over white, unless `mode` is RGBA; of 16 bits, the upper 8 are taken.

    Args:
        picture: an opened file.
        mode: Pillow's L (grey), RGB or RGBA.
        size: (width, height) that it is made.
    """
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(picture)
    flat = (upright if mode == "RGBA" else _opaque(upright)).convert(mode)
    if flat.size != size:
        flat = flat.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(flat)


def _opaque(picture: Image.Image) -> Image.Image:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits a pixel: the 8 upper ones
        return Image.fromarray((np.asarray(picture) // 257).clip(0, 255).astype(np.uint8))
    if picture.mode in {"LA", "RGBA", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    picture.load()
    return picture
