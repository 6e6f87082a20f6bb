"""The spool: one file for each finished trial, until its MLflow run is complete.

A file is written beside its final name and renamed, so that a process that dies leaves a whole
file or none. It is a zip archive of JSON, `.npy` arrays and the model's own files; nothing in it
is pickled. It outlives the death of the process, not a power cut: a file that cannot be read is
set aside, and its trial runs again.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.checkpoints import exploit_of
from gridwright.contract import DataDescription, Failure, TrialResult, TrialSpec
from gridwright.errors import TrackingError
from gridwright.tracking.provenance import Provenance
from gridwright.tracking.store_errors import FULL, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridwright.contract import Array

#: Grows when a file of an older version can no longer be read.
SPOOL_VERSION = 1

_SUFFIX = ".trial"
_BROKEN = ".broken"
_RECORD = "trial.json"
_MODEL = "model/"


@dataclass(frozen=True, slots=True)
class SpooledTrial:
    """All that a run of MLflow is made of: whoever holds it needs neither the data nor the sweep.

    Attributes:
        spec: the trial as it was planned.
        result: what it left.
        description: the data it saw.
        data_source: where the data came from.
        requirements: pip requirements of the served model.
        experiment_name: MLflow's experiment.
        parent_run_id: run of the sweep; None for a single run.
        provenance: the code it came from.
        examples: a few samples `(n, *sample_shape)`, the model's input example.
        probes: the samples that `result.probe_predictions` belong to; None for a failed trial.
        preprocessing: `Preprocessing.to_json` of a table that is served in its own columns.
        raw_rows: for such a table, the rows that `probes` were made of, in these columns.
        data_profile: sizes of the parts, balance of the classes, digest of the data.
    """

    spec: TrialSpec
    result: TrialResult
    description: DataDescription
    data_source: str
    requirements: tuple[str, ...]
    experiment_name: str
    parent_run_id: str | None = None
    provenance: Provenance = field(default_factory=Provenance)
    examples: Array | None = None
    probes: Array | None = None
    preprocessing: str = ""
    raw_rows: Sequence[Sequence[Any]] = ()
    data_profile: Mapping[str, Any] = field(default_factory=dict)


def write(folder: Path, trial: SpooledTrial) -> Path:
    """Store `trial` in `folder` and return its file.

    Raises:
        StoreUnavailable: its disk is full.
        TrackingError: the folder cannot be written.
    """
    final = folder / f"{trial.result.ended_ms}-{trial.spec.key}{_SUFFIX}"
    temporary = final.with_suffix(f".{os.getpid()}.tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(temporary, "w") as archive:
            archive.writestr(_RECORD, json.dumps(_record(trial)))
            for name, array in _arrays(trial).items():
                archive.writestr(f"{name}.npy", _npy(array))
            for name, content in trial.result.files.items():
                archive.writestr(f"{_MODEL}{name}", content)
        temporary.replace(final)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        kind = StoreUnavailable if error.errno in FULL else TrackingError
        raise kind(
            f"a finished trial cannot be stored in the spool folder {folder} ({error}): "
            "make it writable, or set tracking.spool to another folder"
        ) from error
    return final


def read(path: Path) -> SpooledTrial:
    """Return what `write` stored.

    Raises:
        TrackingError: the file is not whole, or from a newer version.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        record = json.loads(contents.pop(_RECORD))
        if record["version"] != SPOOL_VERSION:
            raise TrackingError(
                f"the spool file {path} has version {record['version']}, this Gridwright reads "
                f"version {SPOOL_VERSION}: let the version that wrote it finish its sweep"
            )
        return _trial(record, contents)
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise TrackingError(f"the spool file {path} cannot be read ({error!r})") from error


def pending(folder: Path) -> list[Path]:
    """Return the finished trials in `folder`, oldest first."""
    return sorted(folder.glob(f"*{_SUFFIX}"))


def set_aside(path: Path) -> Path:
    """Rename a file that cannot be read, so that nobody tries again; return its new name."""
    return path.replace(path.with_suffix(_BROKEN))


def is_inside(name: str) -> bool:
    """Tell whether the relative POSIX path `name` stays inside the folder it is meant for."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _record(trial: SpooledTrial) -> dict[str, Any]:
    result = trial.result
    return {
        "version": SPOOL_VERSION,
        "spec": asdict(trial.spec),
        "result": {
            "key": result.key,
            "started_ms": result.started_ms,
            "ended_ms": result.ended_ms,
            "metrics": dict(result.metrics),
            "failure": None if result.failure is None else asdict(result.failure),
            "log": result.log,
            "exploits": [asdict(exploit) for exploit in result.exploits],
        },
        "histories": list(result.histories),
        "description": asdict(trial.description),
        "data_source": trial.data_source,
        "requirements": list(trial.requirements),
        "experiment_name": trial.experiment_name,
        "parent_run_id": trial.parent_run_id,
        "provenance": asdict(trial.provenance),
        "preprocessing": trial.preprocessing,
        "raw_rows": trial.raw_rows,
        "data_profile": dict(trial.data_profile),
    }


def _arrays(trial: SpooledTrial) -> dict[str, Array]:
    optional = {
        "probe_rows": trial.result.probe_rows,
        "probe_predictions": trial.result.probe_predictions,
        "examples": trial.examples,
        "probes": trial.probes,
    }
    arrays = {name: array for name, array in optional.items() if array is not None}
    arrays["epoch_ms"] = trial.result.epoch_ms
    for name, history in trial.result.histories.items():
        arrays[f"history/{name}"] = history
    return arrays


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array), allow_pickle=False)
    return buffer.getvalue()


def _trial(record: Mapping[str, Any], contents: Mapping[str, bytes]) -> SpooledTrial:
    arrays = {
        name.removesuffix(".npy"): np.load(io.BytesIO(content), allow_pickle=False)
        for name, content in contents.items()
        if name.endswith(".npy") and not name.startswith(_MODEL)
    }
    result = record["result"]
    failure = result.pop("failure")
    exploits = tuple(exploit_of(one) for one in result.pop("exploits", ()))
    return SpooledTrial(
        spec=TrialSpec(**_with_tuples(record["spec"], "overrides")),
        result=TrialResult(
            **result,
            epoch_ms=arrays["epoch_ms"],
            histories={name: arrays[f"history/{name}"] for name in record["histories"]},
            failure=None if failure is None else Failure(**failure),
            exploits=exploits,
            files=dict(_model_files(contents)),
            probe_rows=arrays.get("probe_rows"),
            probe_predictions=arrays.get("probe_predictions"),
        ),
        description=DataDescription(
            **_with_tuples(
                record["description"], "sample_shape", "classes", "feature_names", "target_names"
            )
        ),
        data_source=record["data_source"],
        requirements=tuple(record["requirements"]),
        experiment_name=record["experiment_name"],
        parent_run_id=record["parent_run_id"],
        provenance=Provenance(**record["provenance"]),
        examples=arrays.get("examples"),
        probes=arrays.get("probes"),
        preprocessing=record.get("preprocessing", ""),
        raw_rows=tuple(record.get("raw_rows", ())),
        data_profile=record.get("data_profile", {}),
    )


def _model_files(contents: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, content in contents.items():
        relative = name.removeprefix(_MODEL)
        if relative != name:
            if not is_inside(relative):
                raise ValueError(f"a model file would leave its folder: {relative!r}")
            yield relative, content


def _with_tuples(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**values, **{name: tuple(values[name]) for name in names}}
