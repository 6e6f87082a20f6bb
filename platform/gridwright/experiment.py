"""How much of an experiment runs: all of its grid or the rows it claims, all of its data or a part.

`experiment.rows=published` keeps the cells that some row of `claims` is about;
`experiment.scale=0.1` keeps that share of the training samples.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gridwright.claims import Claims
from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.sweep import Cell

#: Parts of a configuration that are about the experiment as a whole and no part of a trial.
_WHOLE = ("experiment", "claims")


@dataclass(frozen=True, slots=True)
class Experiment:
    """What a configuration says of the experiment as a whole.

    Attributes:
        claims: what it says its trials will show.
        published_only: run the cells that `claims` are about, and no other.
        scale: share of the training samples that each trial gets, in (0, 1].
    """

    claims: Claims
    published_only: bool = False
    scale: float = 1.0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Experiment:
        """Return the experiment that a resolved configuration describes.

        Raises:
            ConfigurationError: claims that cannot be read, or a scale out of range.
        """
        node = config.get("experiment") or {}
        scale = float(node.get("scale", 1.0))
        if not 0 < scale <= 1:
            raise ConfigurationError(
                f"experiment.scale must be above 0 and at most 1, but got {scale:g}"
            )
        published = node.get("rows", "all") == "published"
        return cls(Claims.of(config.get("claims") or {}), published, scale)

    @property
    def mark(self) -> str:
        """What every output says where not all of the experiment was run; else empty."""
        parts = ["published rows only"] if self.published_only else []
        parts += [f"{self.scale:.3g} of the data"] if self.scale < 1 else []
        return f"({', '.join(parts)})" if parts else ""

    def trial_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a trial is made from: `config` at the scale, without the experiment's own."""
        own = {name: value for name, value in config.items() if name not in _WHOLE}
        if self.scale < 1:
            own["dataset"] = {**own["dataset"], "fraction": self.scale}
        return own

    def select(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells that are to run, with the configurations of their trials.

        Raises:
            ConfigurationError: only published rows are asked for, and no cell is one.
        """
        kept = [
            cell for cell in cells if not self.published_only or self.claims.mention(cell.config)
        ]
        if not kept:
            raise ConfigurationError(
                "experiment.rows=published keeps the cells that the experiment's `claims` are "
                f"about, but none of its {len(cells)} cells is: choose an experiment with claims, "
                "or experiment.rows=all"
            )
        return [
            replace(cell, index=index, config=self.trial_config(cell.config))
            for index, cell in enumerate(kept)
        ]
