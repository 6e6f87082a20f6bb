"""Where the points of a search come from: a grid's order, or Optuna behind Ray Tune's searcher."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, Protocol

from gridwright.errors import ConfigurationError
from gridwright.sweep.search_space import Choices

if TYPE_CHECKING:
    from gridwright.sweep.search_settings import SearchSettings
    from gridwright.sweep.search_space import Interval, Point, SearchSpace


class Sampler(Protocol):
    """Proposes points, and hears how well they do."""

    def propose(self, name: str) -> Point | None:
        """Return the next point, known as `name` from now on; None after the last."""
        ...

    def tell(self, name: str, score: float | None) -> None:
        """Take the score of a proposed point, None for one that failed."""
        ...

    def know(self, point: Point, score: float | None) -> None:
        """Take a point that was not proposed, with its score."""
        ...


class GridSampler:
    """Every point once, the last dimension changing fastest."""

    def __init__(self, space: SearchSpace) -> None:
        for one in space.dimensions:
            if not isinstance(one, Choices):
                raise ConfigurationError(
                    f"the interval of {one.key} has no grid: list its values, or choose "
                    "hydra.sweeper.search=random or tpe"
                )
        lines = [one.lines for one in space.dimensions if isinstance(one, Choices)]
        keys = [one.key for one in space.dimensions]
        self._points = (dict(zip(keys, cell, strict=True)) for cell in product(*lines))

    def propose(self, name: str) -> Point | None:
        """Return the next cell of the grid."""
        del name
        return next(self._points, None)

    def tell(self, name: str, score: float | None) -> None:
        """Learn nothing: the order of a grid is fixed."""

    def know(self, point: Point, score: float | None) -> None:
        """Learn nothing: the point comes again, and is taken over then."""


class OptunaSampler:
    """Optuna's samplers, as Ray Tune's `OptunaSearch` drives them; scores are maximised."""

    def __init__(self, space: SearchSpace, search: str, seed: int) -> None:
        import optuna
        from ray.tune.search.optuna import OptunaSearch

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        samplers = optuna.samplers
        # Concurrent trials are held apart by counting those under way as bad.
        sampler: samplers.BaseSampler = (
            samplers.TPESampler(seed=seed, constant_liar=True)
            if search == "tpe"
            else samplers.RandomSampler(seed=seed)
        )
        # The searcher splits names at slashes: dimensions go by their number.
        self._keys = {str(index): one.key for index, one in enumerate(space.dimensions)}
        distributions = {
            str(index): _distribution(one) for index, one in enumerate(space.dimensions)
        }
        self._search = OptunaSearch(distributions, metric="score", mode="max", sampler=sampler)

    def propose(self, name: str) -> Point | None:
        """Return the point that Optuna asks for."""
        point = self._search.suggest(name)
        return {key: point[index] for index, key in self._keys.items()}

    def tell(self, name: str, score: float | None) -> None:
        """Tell Optuna the score."""
        result = None if score is None else {"score": score}
        self._search.on_trial_complete(name, result, error=score is None)

    def know(self, point: Point, score: float | None) -> None:
        """Add the point to Optuna's study."""
        named = {index: point[key] for index, key in self._keys.items()}
        self._search.add_evaluated_point(named, score, error=score is None)


def _distribution(dimension: Choices | Interval) -> Any:
    from optuna import distributions

    if isinstance(dimension, Choices):
        return distributions.CategoricalDistribution(dimension.lines)
    if dimension.whole:
        low, high = int(dimension.low), int(dimension.high)
        return distributions.IntDistribution(low, high, log=dimension.log)
    return distributions.FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def sampler_of(space: SearchSpace, settings: SearchSettings, known: int) -> Sampler:
    """Return the sampler that the settings name.

    Args:
        space: what it chooses from.
        settings: of the search.
        known: trials of an earlier process: the same seed would propose them again.

    Raises:
        ConfigurationError: a grid of an interval.
    """
    if settings.search == "grid":
        return GridSampler(space)
    return OptunaSampler(space, settings.search, settings.seed + known)
