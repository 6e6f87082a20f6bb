"""Any Hydra task function, swept by Ray Tune: no part of Gridwright but the sweeper is needed.

A job is run by Hydra's own `run_job` in a worker, with the configuration and the folders that
Hydra's launchers give it. What the task returns (a number, a list or a mapping of numbers) is what
a search minimises or maximises.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from omegaconf import OmegaConf, open_dict
from ray import tune
from ray.tune import Callback, Stopper
from ray.tune.search import Searcher

from gridwright.errors import ConfigurationError, SweepError
from gridwright.sweep.cluster import Cluster
from gridwright.sweep.samplers import OptunaSampler, Sampler
from gridwright.sweep.search_space import SearchSpace
from gridwright.sweep.space import expand

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from gridwright.sweep.search_settings import SearchSettings

_OVERRIDES, _INDEX, _RETURN = "overrides", "index", "job_return"


def sweep_task(
    task_function: TaskFunction,
    hydra_context: HydraContext,
    configuration: DictConfig,
    arguments: Sequence[str],
    *,
    params: Mapping[str, Any] | None,
    settings: SearchSettings,
) -> list[list[JobReturn]]:
    """Run `task_function` for every cell of a grid, or for the points of a search.

    Returns:
        One batch of what Hydra's launchers return, in the order of the jobs.

    Raises:
        ConfigurationError: settings that only Gridwright's own trials know: a scheduler.
        SweepError: Ray cannot be used, or a worker was lost.
    """
    if settings.scheduler != "none":
        raise ConfigurationError(
            f"hydra.sweeper.scheduler={settings.scheduler} needs a task that reports its epochs: "
            "only trials of gridwright do"
        )
    jobs = _jobs(hydra_context, arguments, params, settings)
    folder = Path(str(configuration.hydra.sweep.dir))
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(configuration, folder / "multirun.yaml")
    with Cluster() as cluster:
        cluster.ready()
        _run(jobs, task_function, hydra_context, configuration, settings)
    returns = [jobs.returns[index] for index in sorted(jobs.returns)]
    if jobs.count > len(returns) and settings.time_budget is None and settings.stop_score is None:
        raise SweepError(
            f"{jobs.count - len(returns)} of {jobs.count} jobs left no result: their workers died"
        )
    for one in returns:
        _ = one.return_value  # raises what the job raised, as Hydra's sweepers do
    return [returns]


def _jobs(
    hydra_context: HydraContext,
    arguments: Sequence[str],
    params: Mapping[str, Any] | None,
    settings: SearchSettings,
) -> _Jobs:
    loader = hydra_context.config_loader
    if settings.search == "grid":
        return _Jobs([list(cell) for cell in expand(arguments, params, loader)], settings)
    space = SearchSpace.of(arguments, params, loader)
    return _Jobs(None, settings, space, OptunaSampler(space, settings.search, settings.seed))


class _Jobs(Searcher):  # type: ignore[misc]  # ray ships no types
    """Gives Tune the jobs, one by one, and keeps what they return."""

    def __init__(
        self,
        cells: Sequence[Sequence[str]] | None,
        settings: SearchSettings,
        space: SearchSpace | None = None,
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__(metric="score", mode="max")
        self._cells = cells
        self._settings = settings
        self._space = space
        self._sampler = sampler
        self.count = 0
        self.returns: dict[int, JobReturn] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        """Return the configuration of Tune's next trial."""
        overrides = self._next(trial_id)
        if overrides is None:
            return str(Searcher.FINISHED)
        index, self.count = self.count, self.count + 1
        return {_OVERRIDES: list(overrides), _INDEX: index}

    def _next(self, trial_id: str) -> Sequence[str] | None:
        limit = self._settings.max_trials
        if limit is not None and self.count >= limit:
            return None
        if self._cells is not None:
            return self._cells[self.count] if self.count < len(self._cells) else None
        if self._space is None or self._sampler is None:
            return None
        point = self._sampler.propose(trial_id)
        return None if point is None else self._space.overrides(point)

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Tell the sampler the objective."""
        if self._sampler is not None:
            score = math.nan if error or result is None else result.get("score", math.nan)
            self._sampler.tell(trial_id, score if math.isfinite(score) else None)

    def save(self, checkpoint_path: str) -> None:
        """Keep nothing."""

    def restore(self, checkpoint_path: str) -> None:
        """Take nothing up."""


class _Collector(Callback):  # type: ignore[misc]  # ray ships no types
    def __init__(self, jobs: _Jobs) -> None:
        self._jobs = jobs

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        del iteration, trials, info
        self._jobs.returns[trial.config[_INDEX]] = result.pop(_RETURN)

    def __getstate__(self) -> dict[str, Any]:
        return {"_jobs": None}


class _GoodEnough(Stopper):  # type: ignore[misc]  # ray ships no types
    def __init__(self, stop_score: float | None, sign: float) -> None:
        self._needed = math.inf if stop_score is None else sign * stop_score
        self._reached = False

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        del trial_id
        self._reached = self._reached or result["score"] >= self._needed
        return False

    def stop_all(self) -> bool:
        return self._reached


class _JobTrainable(tune.Trainable):  # type: ignore[misc]  # ray ships no types
    """One job a trial; the actor is reused."""

    def setup(
        self,
        config: dict[str, Any],
        *,
        task_function: Any = None,
        hydra_context: Any = None,
        configuration: Any = None,
        singletons: Any = None,
        sign: float = 1.0,
    ) -> None:
        self._given = task_function, hydra_context, configuration
        self._sign = sign
        setup_globals()
        Singleton.set_state(singletons)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._job = new_config
        return True

    def step(self) -> dict[str, Any]:
        task_function, hydra_context, configuration = self._given
        overrides, index = self._job[_OVERRIDES], self._job[_INDEX]
        config = hydra_context.config_loader.load_sweep_config(configuration, overrides)
        with open_dict(config):
            config.hydra.job.id = f"job_id_for_{index}"
            config.hydra.job.num = index
        HydraConfig.instance().set_config(config)
        done = run_job(
            hydra_context=hydra_context,
            task_function=task_function,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        score = self._sign * _objective(done)
        return {_RETURN: done, "score": score, "done": True}


def _objective(done: JobReturn) -> float:
    """Return the number that a job returned, the first of several; NaN without any."""
    value = done._return_value  # noqa: SLF001 - the property raises what the job raised
    if isinstance(value, Mapping):
        value = next(iter(value.values()), None)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else math.nan


def _run(
    jobs: _Jobs,
    task_function: TaskFunction,
    hydra_context: HydraContext,
    configuration: DictConfig,
    settings: SearchSettings,
) -> None:
    sign = 1.0 if settings.direction == "maximize" else -1.0
    trainable = tune.with_parameters(
        _JobTrainable,
        task_function=task_function,
        hydra_context=hydra_context,
        configuration=configuration,
        singletons=Singleton.get_state(),
        sign=sign,
    )
    with tempfile.TemporaryDirectory(prefix="gridwright-tune-") as storage:
        tune.run(
            trainable,
            name="task",
            search_alg=jobs,
            num_samples=-1,
            time_budget_s=settings.time_budget,
            resources_per_trial={"cpu": 1},
            reuse_actors=True,
            storage_path=storage,
            callbacks=[_Collector(jobs)],
            stop=_GoodEnough(settings.stop_score, sign),
            verbose=0,
            raise_on_failed_trial=False,
        )
