"""What the data of a sweep or a run looks like: a few rows or pictures, and its class counts."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.tracking.artifact_files import put
from gridwright.tracking.report_table import ReportTable
from gridwright.tracking.store_errors import sentences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridwright.datasets import TrialData
    from gridwright.tracking.store import Store

#: Folder of the artifacts.
FOLDER = "preview"
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_ROWS = 10
_CLASSES = 10
_OF_A_CLASS = 8
_SMALLEST = 48  # pixels: a smaller picture is enlarged
_GAP = 2


def log_preview(store: Store, run_id: str, data: Iterable[TrialData]) -> None:
    """Write the preview of each data set among the artifacts of a run.

    Raises:
        TrackingError: the store refuses it.
    """
    files: dict[str, bytes] = {}
    for part in data:
        files |= preview_files(part)
    with store.lock, sentences(store.settings, "write the preview of the data"):
        put(store.client.get_run(run_id).info.artifact_uri, files, store.settings.uri)


def preview_files(data: TrialData) -> dict[str, bytes]:
    """Return path -> content: sizes and class counts, and rows (CSV) or pictures (PNG)."""
    name = f"{FOLDER}/{_NOT_IN_NAMES.sub('_', data.description.name)}"
    text = json.dumps(data.profile() | {"source": data.source}, indent=1, ensure_ascii=False)
    preview = preview_of(data)
    files = {f"{name}.json": text.encode()}
    if preview.table is not None:
        files[f"{name}.csv"] = preview.table.to_csv().encode()
    if preview.png:
        files[f"{name}.png"] = preview.png
    return files


@dataclass(frozen=True, slots=True)
class Preview:
    """What the report shows of the data.

    Attributes:
        sentence: its sizes, class balance, source and digest.
        table: a few rows; None for what has none.
        png: a few pictures; empty for what is none.
    """

    sentence: str
    table: ReportTable | None
    png: bytes


def preview_of(data: TrialData) -> Preview:
    """Return the preview of a data set."""
    tabular = data.raw_probes is not None or data.x_train.ndim == 2
    pictures = data.x_train.dtype == np.uint8 and _is_picture(data.x_train.shape[1:])
    return Preview(
        _sentence(data),
        _rows(data) if tabular else None,
        _pictures(data) if pictures and not tabular else b"",
    )


def _sentence(data: TrialData) -> str:
    told = data.profile()
    sizes = [f"{told[k]} {k.removeprefix('num_')}" for k in told if k.startswith("num_")]
    counts = [f"{label}: {count}" for label, count in told.get("classes", {}).items()]
    more = f", ... ({len(counts)} classes)" if len(counts) > _CLASSES else ""
    balance = f" Classes of the training part: {', '.join(counts[:_CLASSES])}{more}."
    return (
        f"Samples: {', '.join(sizes)}.{balance if counts else ''} Source: {data.source}. "
        f"SHA-256: {told['sha256']}."
    )


def _rows(data: TrialData) -> ReportTable:
    rows = data.probe_rows[:_ROWS]
    x, y = (
        (data.x_train, data.y_train)
        if data.x_test is None or data.y_test is None
        else (data.x_test, data.y_test)
    )
    names: list[str] = list(data.description.feature_names)
    values: list[list[Any]] = x[rows].tolist()
    if data.raw_probes is not None:
        names, values = list(data.raw_probes.names), data.raw_probes[:_ROWS].rows_as_written()
    targets = y[rows].reshape(len(rows), -1).tolist()
    cells = [[*row, *target] for row, target in zip(values, targets, strict=True)]
    return ReportTable("A few rows of the data", [*names, *data.description.target_names], cells)


def _is_picture(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in {1, 3})


def _pictures(data: TrialData) -> bytes:
    """Return a PNG with a row a class, for the first ten, of training pictures."""
    from PIL import Image

    x, y = data.x_train, data.y_train
    classes = data.description.classes[:_CLASSES]
    rows = [np.flatnonzero(y == label)[:_OF_A_CLASS] for label in classes] or [
        np.arange(min(len(x), _OF_A_CLASS))
    ]
    height, width = x.shape[1:3]
    size = (len(rows) * (height + _GAP), _OF_A_CLASS * (width + _GAP))
    sheet = np.full((*size, *x.shape[3:]), 255, np.uint8)
    for row, places in enumerate(rows):
        for column, place in enumerate(places.tolist()):
            top, left = row * (height + _GAP), column * (width + _GAP)
            sheet[top : top + height, left : left + width] = x[place]
    flat = sheet.squeeze(axis=2) if sheet.shape[2:] == (1,) else sheet
    return _png(Image.fromarray(flat), height)


def _png(picture: Any, height: int) -> bytes:
    factor = max(1, round(_SMALLEST / height))
    buffer = io.BytesIO()
    picture.resize((picture.width * factor, picture.height * factor), 0).save(buffer, "PNG")
    return buffer.getvalue()
