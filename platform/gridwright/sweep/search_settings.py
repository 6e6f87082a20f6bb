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
        scheduler: what stops trials that lag behind: `asha`, `hyperband`, `median`, or `none`.
        max_trials: trials in all; None for no limit.
        time_budget: seconds from the first trial on; None for no limit.
        stop_score: the search ends once a trial scores at least this; None for never.
        grace_epochs: epochs that every trial gets before a scheduler may stop it.
        reduction_factor: of the trials that reach a rung, one in so many goes on.
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
        }
        needed = {
            "max_trials": "at least 1, or null for no limit",
            "time_budget": "more than 0 seconds, or null for no limit",
            "grace_epochs": "at least 1",
            "reduction_factor": "more than 1",
        }
        for name, holds in rules.items():
            if not holds:
                raise ConfigurationError(
                    f"hydra.sweeper.{name} must be {needed[name]}, but got {getattr(self, name)}"
                )
        endless = self.max_trials is None and self.time_budget is None
        if self.search != "grid" and endless:
            raise ConfigurationError(
                f"hydra.sweeper.search={self.search} needs an end: set hydra.sweeper.max_trials, "
                "such as 40, or hydra.sweeper.time_budget in seconds"
            )

    def report_epochs(self, longest: int = 1_000_000) -> frozenset[int]:
        """Return the epochs after which a scheduler decides: rungs, in a geometric series."""
        if self.scheduler == "none":
            return frozenset()
        # The median of running means gets better with more rungs than successive halving needs.
        factor = 1.5 if self.scheduler == "median" else self.reduction_factor
        rungs, epoch = [], float(self.grace_epochs)
        while epoch <= longest:
            rungs.append(int(epoch))
            epoch = max(epoch * factor, epoch + 1)
        return frozenset(rungs)
