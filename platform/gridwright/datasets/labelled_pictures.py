"""Which pictures there are, and the label of each: by folders, or by a table that names both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridwright.datasets.settings import text_option
from gridwright.datasets.table_files import read_table
from gridwright.datasets.table_reading import ReadingOptions
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm"}
)
#: Pictures of cameras and programs that are not read.
_UNREAD = frozenset(
    {
        ".heic",
        ".heif",
        ".avif",
        ".jp2",
        ".svg",
        ".psd",
        ".tga",
        ".dng",
        ".cr2",
        ".nef",
        ".arw",
        ".raw",
    }
)
_TRAIN = ("train", "training")
_TEST = ("test", "testing")
#: Folders that operating systems and archives leave behind.
_OF_SYSTEMS = frozenset(
    {"__MACOSX", "__pycache__", "$RECYCLE.BIN", "System Volume Information", "lost+found"}
)
_FILE = ("file", "filename", "file_name", "path", "image", "image_path")
_LABEL = ("label", "class", "target", "category")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture's file, and its class."""

    path: Path
    label: str


def labelled_pictures(
    path: Path, options: Mapping[str, Any]
) -> tuple[dict[str, list[Labelled]], list[str]]:
    """Return the pictures of `train`, and of `test` where it is published, and what is said.

    Args:
        path: a folder, or a table.
        options: of the `dataset` node: `file_column`, `label_column`.

    Raises:
        DatasetError: there are none, or one class only, or a file that the table names is absent.
    """
    if path.is_file():
        return {"train": _of_table(path, options)}, []
    if not path.is_dir():
        raise DatasetError(f"there is no folder {path}: check dataset.path")
    train, test = (_part(path, names) for names in (_TRAIN, _TEST))
    if train is None:
        return {"train": _of_folder(path)}, _unread(path)
    parts = {"train": _of_folder(train)}
    if test is not None:
        parts["test"] = _of_folder(test)
        unknown = {p.label for p in parts["test"]} - {p.label for p in parts["train"]}
        if unknown:
            raise DatasetError(
                f"{test} has a folder {min(unknown)!r}, which {train} has not: both need the same "
                "classes"
            )
    return parts, [
        f"the folder {folder.name!r} is not used: trials are ranked by a part of {train.name!r}"
        for folder in _folders(path)
        if folder not in {train, test}
    ] + _unread(path)


def _unread(path: Path) -> list[str]:
    """Return what is said about pictures of other formats: their classes lack them."""
    counts = Counter(file.suffix.lower() for file in path.rglob("*"))
    found = sorted(_UNREAD & counts.keys())
    if not found:
        return []
    count = sum(counts[ending] for ending in found)
    which = "a picture is" if count == 1 else f"{count} pictures are"
    return [f"{which} not used, for {', '.join(found)} cannot be read: convert them to .png"]


def _part(path: Path, names: Sequence[str]) -> Path | None:
    """Return the folder of a part, which has a folder a class; `train` may be a class itself."""
    named = (folder for folder in _folders(path) if folder.name.lower() in names)
    return next((folder for folder in named if _folders(folder)), None)


def _folders(path: Path) -> list[Path]:
    """Return the folders of a folder that are the user's own, sorted."""
    return sorted(f for f in path.iterdir() if f.is_dir() and not _is_of_a_system(f.name))


def _is_of_a_system(name: str) -> bool:
    """Tell whether a name is one that file managers and archives leave behind, or is hidden."""
    return name.startswith((".", "@")) or name in _OF_SYSTEMS


def _of_folder(path: Path) -> list[Labelled]:
    folders = _folders(path)
    found = [
        Labelled(file, folder.name)
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.suffix.lower() in ENDINGS
        and not any(map(_is_of_a_system, file.relative_to(folder).parts))
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


def _of_table(path: Path, options: Mapping[str, Any]) -> list[Labelled]:
    table = read_table(path, ReadingOptions(missing=("",))).table
    files, labels = _columns(path, table, options)
    found = []
    rows = zip(table[files].to_pylist(), table[labels].to_pylist(), strict=True)
    for row, (file, label) in enumerate(rows, start=1):
        if file is None or label is None:
            raise DatasetError(
                f"{path}: row {row} (counted from 1, without the header) lacks its "
                f"{'file' if file is None else 'label'}"
            )
        picture = _picture(path.parent, str(file))
        if picture is None:
            raise DatasetError(
                f"{path}: row {row} names {file}, and there is no file {path.parent / str(file)}"
            )
        found.append(Labelled(picture, str(label)))
    return found


def _picture(folder: Path, name: str) -> Path | None:
    r"""Return the file of a name, which may be Windows's `a\b.png` or lack its ending."""
    for written in (name, name.replace("\\", "/")):
        if (folder / written).is_file():
            return folder / written
    if "." in name.rpartition("/")[2]:
        return None
    endings = [*ENDINGS, *map(str.upper, ENDINGS)]
    with_ending = (folder / f"{name}{ending}" for ending in sorted(endings))
    return next((file for file in with_ending if file.is_file()), None)


def _columns(path: Path, table: pa.Table, options: Mapping[str, Any]) -> tuple[str, str]:
    """Return the columns of files and of labels: as set, by their usual names, or by what is left.

    Raises:
        DatasetError: a column that is set is absent, or one cannot be told.
    """
    names: list[str] = table.column_names
    with_files = [name for name in names if _names_a_picture(table[name][0].as_py())]
    files = _column(path, names, "file_column", options, [*_usual(names, _FILE), *with_files])
    others = [name for name in names if name != files]
    usual = [*_usual(others, _LABEL), *(others if len(others) == 1 else [])]
    return files, _column(path, names, "label_column", options, usual)


def _usual(names: Sequence[str], usual: Sequence[str]) -> list[str]:
    return [name for name in names if name.strip().lower() in usual]


def _names_a_picture(value: object) -> bool:
    return isinstance(value, str) and value.lower().endswith(tuple(ENDINGS))


def _column(
    path: Path,
    names: Sequence[str],
    key: str,
    options: Mapping[str, Any],
    likely: Sequence[str],
) -> str:
    given = text_option(key, options.get(key))
    if given is not None and given not in names:
        raise DatasetError(
            f"{path} has no column {given!r}, which dataset.{key} names: it has {', '.join(names)}"
        )
    found = given or next(iter(likely), None)
    if found is None:
        raise DatasetError(
            f"{path} has the columns {', '.join(names)}: set dataset.{key} to the right one"
        )
    return found
