"""What `hydra.sweeper` says of a search, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from omegaconf import DictConfig


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How points of a space are chosen, and when a trial or the search ends.

    Attributes:
        search: `grid` for every cell, `random`, or `tpe`.
        scheduler: what stops trials that lag behind: `asha`, `hyperband`, `median`, or `none`; or
            `pbt`, by which they go on with the state of a better one.
        max_trials: trials in all; None for no limit.
        time_budget: seconds from the first trial on; None for no limit.
        stop_score: the search ends once a trial scores at least this; None for never.
        grace_epochs: epochs that every trial gets before a scheduler may stop it.
        reduction_factor: of the trials that reach a rung, one in so many goes on.
        perturbation_interval: epochs between two comparisons of a population (`pbt`).
        quantile_fraction: of the population; so many of the worst go on from so many of the best.
        resample_probability: that a parameter is drawn anew, instead of being changed a little.
        seed: of the search.
        direction: of what a task of another application returns, `minimize` or `maximize`; the
            scores of gridwright's own trials are always maximised.
        drop_invalid: points that cannot run are passed over.
    """

    search: str = "grid"
    scheduler: str = "none"
    max_trials: int | None = None
    time_budget: float | None = None
    stop_score: float | None = None
    grace_epochs: int = 5
    reduction_factor: float = 3.0
    perturbation_interval: int = 5
    quantile_fraction: float = 0.25
    resample_probability: float = 0.25
    seed: int = 0
    direction: str = "minimize"
    drop_invalid: bool = False

    @classmethod
    def of(cls, sweeper: DictConfig) -> SearchSettings:
        """Return the settings in Hydra's node `hydra.sweeper`.

        Raises:
            ConfigurationError: a number out of its range.
        """
        found: dict[str, Any] = {name: sweeper[name] for name in cls.__slots__ if name in sweeper}
        found["drop_invalid"] = sweeper.invalid.name == "drop"
        for name in ("search", "scheduler", "direction"):
            found[name] = getattr(found[name], "name", found[name])
        settings = cls(**found)
        settings.check()
        return settings

    @property
    def is_plain_grid(self) -> bool:
        """Whether every cell of a grid simply runs to its end."""
        return replace(self, drop_invalid=False, direction="minimize") == SearchSettings()

    def check(self) -> None:
        """Refuse numbers out of range.

        Raises:
            ConfigurationError: one is.
        """
        rules = {
            "max_trials": self.max_trials is None or self.max_trials >= 1,
            "time_budget": self.time_budget is None or self.time_budget > 0,
            "grace_epochs": self.grace_epochs >= 1,
            "reduction_factor": self.reduction_factor > 1,
            "perturbation_interval": self.perturbation_interval >= 1,
            "quantile_fraction": 0 < self.quantile_fraction <= 0.5,
            "resample_probability": 0 <= self.resample_probability <= 1,
        }
        needed = {
            "max_trials": "at least 1, or null for no limit",
            "time_budget": "more than 0 seconds, or null for no limit",
            "grace_epochs": "at least 1",
            "reduction_factor": "more than 1",
            "perturbation_interval": "at least 1 epoch",
            "quantile_fraction": "more than 0 and at most 0.5",
            "resample_probability": "between 0 and 1",
        }
        for name, holds in rules.items():
            if not holds:
                raise ConfigurationError(
                    f"hydra.sweeper.{name} must be {needed[name]}, but got {getattr(self, name)}"
                )
        if self.scheduler == "pbt":
            self._check_population()
        endless = self.max_trials is None and self.time_budget is None
        if self.search != "grid" and endless:
            raise ConfigurationError(
                f"hydra.sweeper.search={self.search} needs an end: set hydra.sweeper.max_trials, "
                "such as 40, or hydra.sweeper.time_budget in seconds"
            )

    def _check_population(self) -> None:
        if self.search == "tpe":
            raise ConfigurationError(
                "hydra.sweeper.scheduler=pbt trains a population that is chosen beforehand: "
                "hydra.sweeper.search must be random or grid, but got tpe"
            )
        if self.search == "random" and self.max_trials is None:
            raise ConfigurationError(
                "hydra.sweeper.scheduler=pbt needs the size of the population: set "
                "hydra.sweeper.max_trials, such as 8"
            )

    def report_epochs(self, longest: int = 1_000_000) -> frozenset[int]:
        """Return the epochs after which a scheduler decides: rungs, in a geometric series."""
        if self.scheduler == "none":
            return frozenset()
        if self.scheduler == "pbt":
            interval = self.perturbation_interval
            return frozenset(range(interval, longest + 1, interval))
        # The median of running means gets better with more rungs than successive halving needs.
        factor = 1.5 if self.scheduler == "median" else self.reduction_factor
        rungs, epoch = [], float(self.grace_epochs)
        while epoch <= longest:
            rungs.append(int(epoch))
            epoch = max(epoch * factor, epoch + 1)
        return frozenset(rungs)
