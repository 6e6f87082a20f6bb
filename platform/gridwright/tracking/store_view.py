"""What a tracking store holds, read without writing anything: no table, no folder, no lock.

`TrackingSession` opens a store to work with it: it makes what is missing and completes what was
cut off. A dry run must do neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gridwright.errors import TrackingError
from gridwright.tracking import spool, tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gridwright.tracking.records import FinishedRun, TrackingSettings

#: Trials of one experiment: every tag, metric and parameter that a forecast asks for.
_RUNS = """
select runs.run_uuid, runs.status, tags.key, tags.value from runs
join experiments on experiments.experiment_id = runs.experiment_id
join tags on tags.run_uuid = runs.run_uuid
where experiments.name = :experiment and experiments.lifecycle_stage = 'active'
and runs.lifecycle_stage = 'active' and runs.status in ('FINISHED', 'FAILED')
and tags.key like 'gridwright.%'
"""
_METRICS = """
select latest_metrics.run_uuid, latest_metrics.key, latest_metrics.value from latest_metrics
join runs on runs.run_uuid = latest_metrics.run_uuid
join experiments on experiments.experiment_id = runs.experiment_id
where experiments.name = :experiment and latest_metrics.key in ('fit_seconds', 'epochs_run')
"""
_PARAMS = """
select params.run_uuid, params.key, params.value from params
join runs on runs.run_uuid = params.run_uuid
join experiments on experiments.experiment_id = runs.experiment_id
where experiments.name = :experiment
"""


@dataclass(frozen=True, slots=True)
class PastTrial:
    """A trial that need not run again.

    Attributes:
        key: the trial's key.
        model: name of the model plugin.
        data_digest: SHA-256 of its data.
        failed: whether it diverged.
        parameters: the logged parameters, as text.
        metrics: `fit_seconds` and `epochs_run`, where they were logged.
    """

    key: str
    model: str
    data_digest: str
    failed: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: FinishedRun) -> PastTrial:
        """Return the same of a run that a session has read."""
        return cls(
            key=run.key,
            model=run.model,
            data_digest=run.data_digest,
            failed=run.failure is not None,
            parameters=run.parameters,
            metrics=run.metrics,
        )


def past_trials(settings: TrackingSettings) -> list[PastTrial]:
    """Return the finished and the diverged trials of the experiment, and those in the spool.

    Raises:
        TrackingError: the store is there and cannot be read.
    """
    waiting = [_spooled(path.name) for path in spool.pending(settings.own_spool)]
    database = settings.database
    if database is not None and not database.exists():
        return waiting
    if settings.uri.startswith("http"):
        return [*_from_server(settings), *waiting]
    return [*_from_database(settings), *waiting]


def _spooled(file_name: str) -> PastTrial:
    key = file_name.removesuffix(".trial").rpartition("-")[2]
    return PastTrial(key, model="", data_digest="", failed=False)


def _from_server(settings: TrackingSettings) -> Iterator[PastTrial]:
    from mlflow import MlflowClient

    from gridwright.tracking.store_errors import sentences

    client = MlflowClient(tracking_uri=settings.uri)
    with sentences(settings, "read the finished runs"):
        experiment = client.get_experiment_by_name(settings.experiment_name)
        if experiment is None:
            return
        token: str | None = None
        while True:
            page = client.search_runs(
                [experiment.experiment_id], max_results=1000, page_token=token
            )
            for run in page:
                if tags.TRIAL_KEY in run.data.tags and run.info.status in {"FINISHED", "FAILED"}:
                    found = tags.finished_run(run)
                    if found.failure is None or found.failure.kind == "diverged":
                        yield PastTrial.of(found)
            token = page.token
            if not token:
                return


def _from_database(settings: TrackingSettings) -> Iterator[PastTrial]:
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError

    uri = settings.uri
    if settings.database is not None:
        uri = f"sqlite:///file:{settings.database}?mode=ro&uri=true"
    engine = create_engine(uri)
    try:
        with engine.connect() as connection:
            rows = [
                connection.execute(text(query), {"experiment": settings.experiment_name}).all()
                for query in (_RUNS, _METRICS, _PARAMS)
            ]
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise TrackingError(
            f"cannot read the tracking store at {settings.public_uri}: {reason}"
        ) from None
    finally:
        engine.dispose()
    yield from _assembled(*rows)


def _assembled(
    run_rows: Sequence[Any], metric_rows: Sequence[Any], param_rows: Sequence[Any]
) -> Iterator[PastTrial]:
    run_tags: dict[str, dict[str, str]] = {}
    for run, _, key, value in run_rows:
        run_tags.setdefault(run, {})[key] = value
    metrics: dict[str, dict[str, float]] = {}
    for run, key, number in metric_rows:
        metrics.setdefault(run, {})[key] = number
    parameters: dict[str, dict[str, str]] = {}
    for run, key, value in param_rows:
        parameters.setdefault(run, {})[key] = value
    for run, found in run_tags.items():
        kind = found.get(tags.FAILURE_KIND)
        if tags.TRIAL_KEY in found and kind in {None, "diverged"}:
            yield PastTrial(
                key=found[tags.TRIAL_KEY],
                model=parameters.get(run, {}).get("model", ""),
                data_digest=found.get("gridwright.data_digest", ""),
                failed=kind is not None,
                parameters=parameters.get(run, {}),
                metrics=metrics.get(run, {}),
            )
