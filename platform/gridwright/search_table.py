"""The file of a grid search: a row for every trained cell, and the best model's files beside it."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from gridwright.errors import SweepError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.contract import Array, TrialResult

#: What a table's file name may end in.
ENDINGS: Final = (".csv", ".parquet")
#: Columns of a result, after those of its parameters.
_RESULTS: Final = (
    "test_score",
    "train_score",
    "loss",
    "epochs",
    "seconds",
    "failure",
    "history",
    "validation_history",
    "key",
)
#: Writing the table may take this share of the time of a search.
_WRITING_SHARE: Final = 0.05


def best_folder(filename: Path) -> Path:
    """Return the folder that holds the best model's files in `model/`, and its `key`."""
    return filename.with_name(f"{filename.name}.best")


class SearchTable:
    """Results of a search: those that the file holds already, and those to come.

    Args:
        path: the file, `.csv` or `.parquet`; it need not exist.
        names: parameters that the grid varies.
        keys: keys of the cells that belong to this search.

    Raises:
        SweepError: the file cannot be read, or holds another grid.
    """

    def __init__(self, path: Path, names: Sequence[str], keys: Sequence[str]) -> None:
        self._path = path
        self._columns = [*names, *_RESULTS]
        self._next_write = 0.0
        self._rows = [row for row in self._read() if row["key"] in keys]
        best = self._best()
        stored = best_folder(path) / "key"
        if best is not None and (not stored.exists() or stored.read_text() != best["key"]):
            # Its model was lost with the end of an earlier search: train it again.
            self._rows.remove(best)

    def __contains__(self, key: object) -> bool:
        return any(row["key"] == key for row in self._rows)

    def _read(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        try:
            read = pd.read_csv if self._path.suffix == ".csv" else pd.read_parquet
            frame = read(self._path)
        except (ValueError, OSError) as error:
            raise SweepError(f"{self._path} is no table of an earlier search: {error}") from error
        if list(frame.columns) != self._columns:
            raise SweepError(
                f"{self._path} holds the results of another grid (its columns are "
                f"{', '.join(map(str, frame.columns))}): choose another filename"
            )
        frame["failure"] = frame["failure"].astype(object).fillna("")
        rows = [{str(name): row[name] for name in row} for row in frame.to_dict("records")]
        # What failed for another reason than its own training is tried again.
        return [row for row in rows if not row["failure"].startswith("error")]

    def add(self, cell: Mapping[str, Any], result: TrialResult) -> None:
        """Take a result; write the table now and then, and the model if it is the best so far."""
        row = {**{name: _told(value) for name, value in cell.items()}, **_measured(result)}
        self._rows.append(row)
        if self._best() is row:
            self._keep_model(result)
        if time.monotonic() >= self._next_write:
            self.write()

    def _best(self) -> dict[str, Any] | None:
        finished = [row for row in self._rows if not row["failure"]]
        return max(finished, key=lambda row: (row["test_score"], -row["loss"]), default=None)

    def _keep_model(self, result: TrialResult) -> None:
        folder = best_folder(self._path)
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for name, content in result.files.items():
            path = fresh / "model" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (fresh / "key").write_text(result.key)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    def ranked(self) -> pd.DataFrame:
        """Return the rows, best first, failed ones last."""
        frame = pd.DataFrame(self._rows, columns=self._columns)
        ranked = frame.sort_values(["test_score", "loss"], ascending=[False, True], kind="stable")
        return ranked.reset_index(drop=True)

    def write(self) -> None:
        """Replace the file by all rows so far: a reader sees the old table or the new one."""
        start = time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_name(f"{self._path.name}.new")
        if self._path.suffix == ".csv":
            self.ranked().to_csv(fresh, index=False)
        else:
            self.ranked().to_parquet(fresh, index=False)
        fresh.replace(self._path)
        end = time.monotonic()
        self._next_write = end + (end - start) / _WRITING_SHARE


def _told(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | tuple | dict) else value


def _measured(result: TrialResult) -> dict[str, Any]:
    failure = result.failure
    history = result.histories
    return {
        "test_score": result.metrics.get("test_score", float("nan")),
        "train_score": result.metrics.get("train_score", float("nan")),
        "loss": result.metrics.get("train_loss", float("nan")),
        "epochs": int(result.metrics.get("epochs_run", 0)),
        "seconds": result.metrics.get("fit_seconds", float("nan")),
        "failure": "" if failure is None else f"{failure.kind}: {failure.reason}",
        "history": _pairs(history, "loss", "score"),
        "validation_history": _pairs(history, "val_loss", "val_score"),
        "key": result.key,
    }


def _pairs(histories: Mapping[str, Array], loss: str, score: str) -> str:
    if loss not in histories:
        return "[]"
    return json.dumps(np.column_stack([histories[loss], histories[score]]).tolist())
