"""Claims: what an experiment says its trials will show, held against what they did show.

An experiment file may state rows of a published table, or what its author expects:

    claims:
      source: table 3 of the paper
      rows:
        - where: {model.hidden_layer: [128, 64], model.beta: 0.2}
          at_least: {test_score: 0.32}
          close_to: {train_score: {value: 0.31, tolerance: 0.02}}
          shown: {train_loss: 15.93}

`where` finds the trials: every key it names has that value there; trials that differ in their seed
only are one row, and their mean is held against the claim. `shown` stands beside what was obtained
and claims nothing. A row may have a `name`, else it is called by what `where` says of it alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any, Literal

from gridwright.errors import ConfigurationError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Kind = Literal["at_least", "close_to", "shown"]
Verdict = Literal["held", "not held", "shown", "not run", "failed"]

_ROW_KEYS = ("name", "where", "at_least", "close_to", "shown")
_ABSENT = object()
#: Names of the cells of `ClaimResult.cells`.
COLUMNS = ("trials", "metric", "claimed", "obtained", "spread", "n", "difference", "verdict")
_SIGNS = {"at_least": ">= ", "close_to": "", "shown": ""}
#: Decimal numbers are not exact in binary: 0.33 - 0.31 is a little more than 0.02.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Claim:
    """One number that is claimed.

    Attributes:
        metric: a final metric of a trial, such as `test_score`.
        kind: how it is held against what was obtained.
        value: the number.
        tolerance: for `close_to`, how far off the obtained mean may be.
    """

    metric: str
    kind: Kind
    value: float
    tolerance: float = 0.0

    def verdict(self, obtained: float) -> Verdict:
        """Tell whether a finite number that was obtained holds the claim."""
        if self.kind == "shown":
            return "shown"
        if self.kind == "at_least":
            return "held" if obtained >= self.value - _ROUNDING else "not held"
        return "held" if abs(obtained - self.value) <= self.tolerance + _ROUNDING else "not held"


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """A row of a table: which trials it is about, what it claims of them, and maybe a name."""

    where: Mapping[str, Any]
    claims: tuple[Claim, ...]
    name: str = ""

    def is_about(self, config: Mapping[str, Any]) -> bool:
        """Tell whether a trial with this whole resolved configuration belongs to the row."""
        return all(_value_at(config, key) == value for key, value in self.where.items())


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim beside what was obtained.

    Attributes:
        row: the trials, as one would type what distinguishes them from the other rows:
            `hidden_layer=[128,64] beta=0.2`.
        claim: what was claimed.
        obtained: mean over the trials of the row; None where none has finished.
        spread: standard deviation over them (n - 1); None for fewer than two.
        n: how many trials have finished.
        verdict: `not run` where no trial belongs to the row, `failed` where none has finished.
    """

    row: str
    claim: Claim
    obtained: float | None
    spread: float | None
    n: int
    verdict: Verdict

    @property
    def difference(self) -> float | None:
        """What was obtained less what was claimed."""
        return None if self.obtained is None else self.obtained - self.claim.value

    @property
    def cells(self) -> tuple[str | int | float | None, ...]:
        """The row of a table with these `COLUMNS`."""
        claim = self.claim
        claimed = f"{_SIGNS[claim.kind]}{claim.value:g}"
        if claim.kind == "close_to":
            claimed += f" +- {claim.tolerance:g}"
        return (
            self.row,
            claim.metric,
            claimed,
            self.obtained,
            self.spread,
            self.n,
            self.difference,
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class Claims:
    """All that an experiment claims.

    Attributes:
        source: where the numbers come from.
        rows: in the order of their table.
    """

    source: str = ""
    rows: tuple[ClaimedRow, ...] = ()

    @classmethod
    def of(cls, node: Mapping[str, Any]) -> Claims:
        """Return the claims that the `claims` node of a configuration states.

        Raises:
            ConfigurationError: an unknown key, a row without `where`, a claim that is no number.
        """
        _refuse_others("claims", node, ("source", "rows"))
        rows = node.get("rows") or []
        return cls(
            source=str(node.get("source") or ""),
            rows=tuple(_row(f"claims.rows[{index}]", row) for index, row in enumerate(rows)),
        )

    def mention(self, config: Mapping[str, Any]) -> bool:
        """Tell whether some row is about a trial with this configuration."""
        return any(row.is_about(config) for row in self.rows)

    def compare(
        self, trials: Iterable[tuple[Mapping[str, Any], Mapping[str, float] | None]]
    ) -> list[ClaimResult]:
        """Hold every claim against the trials: pairs of configuration and final metrics.

        A trial that has failed has None for its metrics.
        """
        known = list(trials)
        found = []
        for row, label in zip(self.rows, self._labels(), strict=True):
            metrics = [measured for config, measured in known if row.is_about(config)]
            found += [_result(label, claim, metrics) for claim in row.claims]
        return found

    def _labels(self) -> list[str]:
        """Return what distinguishes each row from the others, or all it says if nothing does."""
        wheres = [row.where for row in self.rows]
        labels = []
        for row in self.rows:
            differs = {
                key: value
                for key, value in row.where.items()
                if any(other.get(key, _ABSENT) != value for other in wheres)
            }
            named = (differs or row.where).items()
            label = " ".join(f"{key.rpartition('.')[2]}={_typed(value)}" for key, value in named)
            labels.append(row.name or label)
        return labels


def _result(label: str, claim: Claim, found: Sequence[Mapping[str, float] | None]) -> ClaimResult:
    values = [metrics.get(claim.metric, math.nan) for metrics in found if metrics is not None]
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return ClaimResult(label, claim, None, None, 0, "failed" if found else "not run")
    mean = fmean(values)
    spread = stdev(values) if len(values) > 1 else None
    return ClaimResult(label, claim, mean, spread, len(values), claim.verdict(mean))


def _row(place: str, node: Any) -> ClaimedRow:
    if not isinstance(node, dict) or not node.get("where"):
        raise ConfigurationError(
            f"{place} must say which trials it is about, such as "
            f"where: {{model.eta: 0.01}}, but got {node!r}"
        )
    _refuse_others(place, node, _ROW_KEYS)
    claims = [
        *(
            _simple(f"{place}.{kind}", kind, metric, value)
            for kind in ("at_least", "shown")
            for metric, value in (node.get(kind) or {}).items()
        ),
        *(_close(place, metric, value) for metric, value in (node.get("close_to") or {}).items()),
    ]
    if not claims:
        raise ConfigurationError(
            f"{place} claims nothing: add at_least, close_to or shown, such as "
            "at_least: {test_score: 0.9}"
        )
    return ClaimedRow(dict(node["where"]), tuple(claims), str(node.get("name") or ""))


def _simple(place: str, kind: Literal["at_least", "shown"], metric: str, value: Any) -> Claim:
    return Claim(metric, kind, _number(f"{place}.{metric}", value))


def _close(place: str, metric: str, node: Any) -> Claim:
    place = f"{place}.close_to.{metric}"
    if not isinstance(node, dict) or set(node) != {"value", "tolerance"}:
        raise ConfigurationError(
            f"{place} must be {{value: ..., tolerance: ...}}, but got {node!r}"
        )
    tolerance = _number(f"{place}.tolerance", node["tolerance"])
    if tolerance < 0:
        raise ConfigurationError(f"{place}.tolerance must be at least 0, but got {tolerance:g}")
    return Claim(metric, "close_to", _number(f"{place}.value", node["value"]), tolerance)


def _number(place: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigurationError(f"{place} must be a finite number, but got {value!r}")
    return float(value)


def _refuse_others(place: str, node: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in node:
        if key not in known:
            raise ConfigurationError(unknown_name(f"key in {place}", key, known))


def _value_at(config: Mapping[str, Any], key: str) -> Any:
    """Return the value of a dotted key, `0` and such leading into lists."""
    node: Any = config
    for part in key.split("."):
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        else:
            return _ABSENT
    return node


def _typed(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_typed, value))}]"
    return str(value)
