"""`dataset=images`: pictures of the user's own, in a folder a class, or named by a table."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.datasets.dataset import Dataset
from gridwright.datasets.fitting_memory import check_fits
from gridwright.datasets.names import readable_name
from gridwright.datasets.settings import choice_option, text_option
from gridwright.datasets.table_files import ReadingOptions, read_table
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from gridwright.contract import Array
    from gridwright.datasets.settings import DatasetSettings

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
)
_TRAIN = ("train", "training")
_TEST = ("test", "testing")
# What Pillow raises for files that are cut short or were altered.
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, struct.error)
_GREY = frozenset({"1", "L", "LA", "I", "I;16", "F"})
_FILE = ("file", "filename", "file_name", "path", "image", "image_path")
_LABEL = ("label", "class", "target", "category")


@dataclass(frozen=True, slots=True)
class _Labelled:
    path: Path
    label: str


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
    parts = _parts(path, options)
    size = _size(options.get("size"))
    mode = choice_option("mode", options.get("mode"), ("grey", "colour"))
    everything = [labelled for part in parts.values() for labelled in part]
    form = _Form(size or _common_size(everything), mode or _common_mode(everything))
    check_fits(path, len(everything) * form.bytes, "set a smaller dataset.size")
    arrays = {name: _loaded(part, form) for name, part in parts.items()}
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
    return replace(dataset, notes=(note,))


@dataclass(frozen=True, slots=True)
class _Form:
    """What every picture is made: (width, height), and `grey` or `colour`."""

    size: tuple[int, int]
    mode: str

    @property
    def bytes(self) -> int:
        """Bytes of one picture, a byte a pixel and channel."""
        return self.size[0] * self.size[1] * (3 if self.mode == "colour" else 1)


def _parts(path: Path, options: Mapping[str, Any]) -> dict[str, list[_Labelled]]:
    if path.is_file():
        return {"train": _of_table(path, options)}
    if not path.is_dir():
        raise DatasetError(f"there is no folder {path}: check dataset.path")
    train, test = (_sub_folder(path, names) for names in (_TRAIN, _TEST))
    if train is None:
        return {"train": _of_folder(path)}
    parts = {"train": _of_folder(train)}
    if test is not None:
        parts["test"] = _of_folder(test)
        unknown = {p.label for p in parts["test"]} - {p.label for p in parts["train"]}
        if unknown:
            raise DatasetError(
                f"{test} has a folder {min(unknown)!r}, which {train} has not: both need the same "
                "classes"
            )
    return parts


def _sub_folder(path: Path, names: Sequence[str]) -> Path | None:
    found = [
        folder for folder in path.iterdir() if folder.is_dir() and folder.name.lower() in names
    ]
    return found[0] if found else None


def _of_folder(path: Path) -> list[_Labelled]:
    folders = sorted(
        folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith(".")
    )
    found = [
        _Labelled(file, folder.name)
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in ENDINGS and not file.name.startswith(".")
    ]
    if not found:
        raise DatasetError(
            f"{path} holds no pictures in folders: it needs a folder for each class, with files "
            f"that end in one of {', '.join(sorted(ENDINGS))}"
        )
    classes = {picture.label for picture in found}
    empty = [folder.name for folder in folders if folder.name not in classes]
    if empty:
        raise DatasetError(
            f"the folder {empty[0]!r} of {path} holds no picture, and every folder is a class: "
            "fill it or remove it"
        )
    if len(classes) < 2:
        raise DatasetError(
            f"{path} has one class only ({min(classes)!r}): it needs a folder for each of two "
            "classes at least"
        )
    return found


def _of_table(path: Path, options: Mapping[str, Any]) -> list[_Labelled]:
    table = read_table(path, ReadingOptions(missing=("",))).table
    names: list[str] = table.column_names
    given = {key: text_option(key, options.get(key)) for key in ("file_column", "label_column")}
    files = _column(path, names, "file_column", given["file_column"], _FILE)
    labels = _column(path, names, "label_column", given["label_column"], _LABEL)
    found = []
    rows = zip(table[files].to_pylist(), table[labels].to_pylist(), strict=True)
    for row, (file, label) in enumerate(rows, start=1):
        if file is None or label is None:
            raise DatasetError(
                f"{path}: row {row} (counted from 1, without the header) lacks its "
                f"{'file' if file is None else 'label'}"
            )
        picture = path.parent / str(file)
        if not picture.is_file():
            raise DatasetError(f"{path}: row {row} names {file}, and there is no file {picture}")
        found.append(_Labelled(picture, str(label)))
    return found


def _column(
    path: Path, names: Sequence[str], key: str, given: str | None, usual: Sequence[str]
) -> str:
    if given is not None and given not in names:
        raise DatasetError(
            f"{path} has no column {given!r}, which dataset.{key} names: it has {', '.join(names)}"
        )
    found = given or next((name for name in names if name.strip().lower() in usual), None)
    if found is None:
        raise DatasetError(
            f"{path} has the columns {', '.join(names)}: set dataset.{key} to the right one"
        )
    return found


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


def _common_size(pictures: Sequence[_Labelled]) -> tuple[int, int]:
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
            turned = picture.getexif().get(0x0112, 1) >= 5
        except _DAMAGE as error:
            raise DatasetError(_broken(path, error)) from error
        return picture.size[::-1] if turned else picture.size


def _common_mode(pictures: Sequence[_Labelled]) -> str:
    for labelled in pictures:
        with _opened(labelled.path) as picture:
            if picture.mode not in _GREY:
                return "colour"
    return "grey"


def _opened(path: Path) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path)
    except (UnidentifiedImageError, OSError) as error:
        raise DatasetError(_broken(path, error)) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DatasetError(f"the picture {path} is too large ({error}): make it smaller") from error


def _broken(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"the picture {path} cannot be read: {error.strerror}"
    return f"the picture {path} is broken or no picture: remove it or fetch it again"


def _loaded(pictures: Sequence[_Labelled], form: _Form) -> tuple[Array, Array]:
    width, height = form.size
    channels = (3,) if form.mode == "colour" else ()
    x = np.empty((len(pictures), height, width, *channels), np.uint8)
    for place, labelled in enumerate(pictures):
        x[place] = _pixels(labelled.path, form)
    return x, np.array([labelled.label for labelled in pictures])


def _pixels(path: Path, form: _Form) -> Array:
    from PIL import Image, ImageOps

    with _opened(path) as picture:
        try:
            upright = ImageOps.exif_transpose(picture)
            plain = _without_transparency(upright)
        except _DAMAGE as error:
            raise DatasetError(_broken(path, error)) from error
        flat = plain.convert("L" if form.mode == "grey" else "RGB")
        if flat.size != form.size:
            flat = flat.resize(form.size, Image.Resampling.BILINEAR)
        return np.asarray(flat)


def _without_transparency(picture: Image.Image) -> Image.Image:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits a pixel: the 8 upper ones
        return Image.fromarray((np.asarray(picture) // 257).clip(0, 255).astype(np.uint8))
    if picture.mode in {"LA", "RGBA", "PA"} or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    picture.load()
    return picture
