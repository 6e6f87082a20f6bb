"""`dataset=images`: pictures of the user's own, in a folder a class, or named by a table."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright import __version__
from gridwright.datasets.dataset import Dataset
from gridwright.datasets.fitting_memory import must_be_streamed, streaming_note
from gridwright.datasets.labelled_pictures import labelled_pictures
from gridwright.datasets.names import readable_name
from gridwright.datasets.picture_decoding import DAMAGE, FORMATS, decoded, is_grey, upright_size
from gridwright.datasets.settings import choice_option, text_option
from gridwright.datasets.stored_arrays import Form, stored
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from gridwright.contract import Array
    from gridwright.datasets.labelled_pictures import Labelled
    from gridwright.datasets.settings import DatasetSettings


def read(settings: DatasetSettings) -> Dataset:
    """Return the pictures that `dataset.path` names: uint8 `(n, height, width[, 3])`.

    A folder has a folder a class, and these may stand in `train` and `test`; a table (CSV, ...)
    has a column of files, relative to its own folder, and one of labels. Pictures are grey if all
    are, else in colour; transparency is laid over white; a camera's rotation is applied.

    Raises:
        DatasetError: there are no pictures, or broken ones, or sizes differ and no size is set.
    """
    options = settings.options
    given = text_option("path", options.get("path"))
    if given is None:
        raise DatasetError(
            "dataset=images needs a folder (or a table of files and labels): set dataset.path"
        )
    path = Path(given).expanduser()
    parts, notes = labelled_pictures(path, options)
    size = _size(options.get("size"))
    mode = choice_option("mode", options.get("mode"), ("grey", "colour"))
    everything = [labelled for part in parts.values() for labelled in part]
    form = _Form(size or _common_size(everything), mode or _common_mode(everything))
    streamed = must_be_streamed(
        path,
        len(everything) * form.bytes,
        "set a smaller dataset.size",
        allowed=settings.in_pieces,
    )
    read_part = _streamed if streamed else _loaded
    arrays = {name: read_part(part, form) for name, part in parts.items()}
    dataset = Dataset.of_arrays(
        settings.name or readable_name(path),
        "classification",
        arrays["train"],
        arrays.get("test"),
        target_names=["class"],
        source=str(path.absolute()),
    )
    width, height = form.size
    sizes = ", ".join(f"{len(part)} {name}" for name, part in parts.items())
    note = (
        f"pictures: {sizes}; {width} x {height} pixels, {form.mode}; task: classification into "
        f"{len(dataset.classes)} classes"
    )
    if streamed:
        notes.append(streaming_note())
        dataset = replace(dataset, streamed=True, stamp=_stamp(arrays))
    return replace(dataset, notes=(note, *notes), resized=options.get("size") is not None)


@dataclass(frozen=True, slots=True)
class _Form:
    """What every picture is made: (width, height), and `grey` or `colour`."""

    size: tuple[int, int]
    mode: str

    @property
    def bytes(self) -> int:
        """Bytes of one picture, a byte a pixel and channel."""
        return self.of(1).nbytes

    def of(self, count: int) -> Form:
        """Return the shape and type of so many pictures."""
        width, height = self.size
        channels = (3,) if self.mode == "colour" else ()
        return Form((count, height, width, *channels), np.dtype(np.uint8))


def _size(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    sides = [value, value] if isinstance(value, int) else value
    whole = isinstance(sides, list | tuple) and all(
        type(side) is int and side > 0 for side in sides
    )
    if not whole or len(sides) != 2:
        raise DatasetError(
            f"dataset.size must be [width, height] in pixels, such as [64, 64], not {value!r}"
        )
    width, height = sides
    return width, height


def _common_size(pictures: Sequence[Labelled]) -> tuple[int, int]:
    """Return the size that all pictures have."""
    first = None
    for labelled in pictures:
        size = _upright_size(labelled.path)
        if first is None:
            first = size, labelled.path
        elif size != first[0]:
            raise DatasetError(
                f"the pictures have different sizes: {first[1]} has {first[0][0]} x {first[0][1]} "
                f"pixels, and {labelled.path} {size[0]} x {size[1]}: set dataset.size, such as "
                "'dataset.size=[64,64]', to have all of them resized"
            )
    assert first is not None  # noqa: S101 - there is a picture
    return first[0]


def _upright_size(path: Path) -> tuple[int, int]:
    with _opened(path) as picture:
        try:
            return upright_size(picture)
        except DAMAGE as error:
            raise DatasetError(_broken(path, error)) from error


def _common_mode(pictures: Sequence[Labelled]) -> str:
    for labelled in pictures:
        with _opened(labelled.path) as picture:
            if not is_grey(picture):
                return "colour"
    return "grey"


def _opened(path: Path) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path, formats=FORMATS)
    except (UnidentifiedImageError, OSError) as error:
        raise DatasetError(_broken(path, error)) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DatasetError(f"the picture {path} is too large ({error}): make it smaller") from error


def _broken(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"the picture {path} cannot be read: {error.strerror}"
    return f"the picture {path} is broken or no picture: remove it or fetch it again"


def _loaded(pictures: Sequence[Labelled], form: _Form) -> tuple[Array, Array]:
    x = np.empty(form.of(len(pictures)).shape, np.uint8)
    for place, labelled in enumerate(pictures):
        x[place] = _pixels(labelled.path, form)
    return x, _labels(pictures)


def _streamed(pictures: Sequence[Labelled], form: _Form) -> tuple[Array, Array]:
    """Return the same, the pixels in a file that is written piece by piece."""
    whole = form.of(len(pictures))
    files = [(p.path, p.path.stat()) for p in pictures]
    identity = [[str(path.absolute()), told.st_size, told.st_mtime_ns] for path, told in files]
    pieces = (_loaded(pictures[step], form)[0] for step in whole.steps())
    key = json.dumps([__version__, form.mode, identity])
    # The parts that trials get are a second file.
    return stored(key, whole, lambda: pieces, room=2 * whole.nbytes), _labels(pictures)


def _stamp(arrays: Mapping[str, tuple[Array, Array]]) -> str:
    """Return a key for the digest of streamed pictures: their files are named by what they hold."""
    known = {
        name: [str(getattr(x, "path", None)), sha256(y.tobytes()).hexdigest()]
        for name, (x, y) in arrays.items()
    }
    return sha256(json.dumps(known).encode()).hexdigest()


def _labels(pictures: Sequence[Labelled]) -> Array:
    return np.array([labelled.label for labelled in pictures])


def _pixels(path: Path, form: _Form) -> Array:
    with _opened(path) as picture:
        try:
            return decoded(picture, "L" if form.mode == "grey" else "RGB", form.size)
        except DAMAGE as error:
            raise DatasetError(_broken(path, error)) from error
