"""What the tracking of a sweep is told and what it tells: frozen records, no logic of MLflow's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gridwright.contract import Failure, RankBy

RunStatus = Literal["FINISHED", "FAILED"]
SweepStatus = Literal["FINISHED", "KILLED", "FAILED"]

_SQLITE = "sqlite:///"


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """Where runs are kept; every path in it is absolute (see `resolve`).

    Attributes:
        uri: MLflow's tracking URI. It may hold a password: show `public_uri` instead.
        artifacts: folder or URI under which each experiment gets its folder of artifacts; None
            leaves the choice to the tracking server.
        experiment_name: MLflow's experiment.
        spool: folder in which finished trials wait until they are written.
        patience: seconds for which a store that cannot be used now is tried again.
        retry_interval: seconds between two attempts.
    """

    uri: str
    artifacts: str | None
    experiment_name: str
    spool: Path
    patience: float = 600.0
    retry_interval: float = 2.0

    @classmethod
    def resolve(
        cls,
        uri: str,
        artifacts: str | None,
        experiment_name: str,
        spool: str | Path,
        folder: Path | None = None,
        **waiting: float,
    ) -> TrackingSettings:
        """Return settings whose relative paths are meant from `folder` (the working folder).

        `waiting` may hold `patience` and `retry_interval`.
        """
        base = (folder or Path.cwd()).absolute()
        if uri.startswith(_SQLITE) and uri != f"{_SQLITE}:memory:":
            uri = f"{_SQLITE}{base / uri.removeprefix(_SQLITE)}"
        if artifacts is not None and "://" not in artifacts:
            artifacts = str(base / artifacts)
        return cls(uri, artifacts, experiment_name, base / spool, **waiting)

    @property
    def public_uri(self) -> str:
        """The tracking URI without user name, password and query."""
        parts = urlsplit(self.uri)
        if not parts.netloc:
            return self.uri
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, host, parts.path, "", ""))

    @property
    def database(self) -> Path | None:
        """The file of a sqlite store; None for any other."""
        if not self.uri.startswith(_SQLITE):
            return None
        return Path(self.uri.removeprefix(_SQLITE).partition("?")[0])

    @property
    def own_spool(self) -> Path:
        """The part of the spool that belongs to this store, and to no other."""
        digest = hashlib.sha256(self.public_uri.encode()).hexdigest()
        return self.spool / digest[:12]


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """What the parent run of a sweep says about it.

    Attributes:
        key: identifies the sweep: the same key continues the same parent run.
        name: readable name of the parent run.
        command: the command that repeats the sweep.
        datasets: names of its data sets.
        n_trials: number of its trials, those taken over from earlier sweeps included.
        rank_by: the part of the data that ranks its trials.
        versions: name -> version of what took part (gridwright, the plugins, ...).
        anew: what other sweeps have finished is run again; a finished sweep of this key is left
            alone, and only one that was interrupted is continued.
    """

    key: str
    name: str
    command: str
    datasets: tuple[str, ...]
    n_trials: int
    rank_by: RankBy
    versions: Mapping[str, str] = field(default_factory=dict)
    anew: bool = False


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A trial that MLflow holds, complete.

    Attributes:
        run_id: MLflow's id of the run.
        key: the trial's key.
        status: `FAILED` for a trial that diverged or stopped with an error.
        metrics: last value of each metric.
        parameters: the logged parameters, as text: those of the model under their own name.
        dataset: name of the data set.
        dataset_key: identifies the (data set, split) among those of the sweep.
        data_digest: SHA-256 of the data.
        model: name of the model plugin.
        rank_by: the part of the data that the trial is ranked by.
        parent_run_id: run of the sweep that ran it; None for a single run.
        failure: why it failed, None for a finished one; its traceback is an artifact.
    """

    run_id: str
    key: str
    status: RunStatus
    metrics: Mapping[str, float]
    parameters: Mapping[str, str]
    dataset: str
    dataset_key: str
    data_digest: str
    model: str
    rank_by: RankBy
    parent_run_id: str | None = None
    failure: Failure | None = None
