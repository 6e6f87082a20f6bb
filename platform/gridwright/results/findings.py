"""Findings: what trials show together, such as "momentum matters", asked of the trials.

`findings.toml` in a folder of experiments holds some, each with one or more comparisons:

    [[finding]]
    says = "Momentum matters"
    source = "section 4.1"

    [[finding.comparison]]
    of = {experiment = "iris", "model.mu" = 0.8}
    than = {experiment = "iris", "model.mu" = 0}
    metric = "train_loss"
    expect = "lower"

A comparison takes pairs: a trial of `of` and one of `than` whose other settings are all the same,
the share of the data included. Settings below `apart_from` may differ, too. `metric` is a final
metric, the difference of two (`train_score - test_score`), or `failed`, 1 for a trial that failed.
A `name` stands for what is compared.
A comparison holds if the mean difference has the expected sign, and most pairs have it.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from gridwright.claims import ClaimedRow
from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gridwright.tracking import RecordedTrial

FILE = "findings.toml"
#: Parts of a configuration that make a trial what it is.
_SETTINGS = ("dataset", "model", "seed")
_NEEDED = frozenset({"of", "than", "metric", "expect"})
_KEYS = _NEEDED | {"apart_from", "name"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two kinds of trials, and which of them should be better.

    Attributes:
        of: the settings of the one kind, and the name of its `experiment`.
        than: those of the other.
        metric: what is compared.
        expect: how `of` should stand to `than`.
        apart_from: further settings that may differ, with all below them.
        name: what it is called, where what `of` and `than` say is no help.
    """

    of: Mapping[str, Any]
    than: Mapping[str, Any]
    metric: str
    expect: Literal["lower", "higher"]
    apart_from: tuple[str, ...] = ()
    name: str = ""

    def outcome(self, trials: Mapping[str, Sequence[RecordedTrial]]) -> dict[str, Any]:
        """Return what the trials of each experiment show, ready for JSON."""
        ignored = {*self.of, *self.than, *self.apart_from}
        ours = self._measured(self.of, trials, ignored)
        theirs = self._measured(self.than, trials, ignored)
        pairs = [(ours[rest], theirs[rest]) for rest in ours if rest in theirs]
        sign = 1 if self.expect == "higher" else -1
        expected = sum(sign * (one - other) > 0 for one, other in pairs)
        means = [fmean(column) for column in zip(*pairs, strict=True)] if pairs else [None, None]
        holds = None
        if pairs:
            mean = fmean(sign * (one - other) for one, other in pairs)
            holds = mean > 0 and expected > len(pairs) / 2
        shares = {json.loads(rest)["data"] for rest in ours if rest in theirs}
        return {
            "compared": self.name or self._described(),
            "metric": self.metric,
            "expect": self.expect,
            "means": [None if mean is None else float(f"{mean:.4g}") for mean in means],
            "pairs": len(pairs),
            "as_expected": expected,
            "data": sorted(shares),
            "holds": holds,
        }

    def _described(self) -> str:
        compared = f"{_named(self.of, self.than)} against {_named(self.than, self.of)}"
        same = self.of["experiment"] == self.than["experiment"]
        return f"{self.of['experiment']}: {compared}" if same else compared

    def _measured(
        self,
        where: Mapping[str, Any],
        trials: Mapping[str, Sequence[RecordedTrial]],
        ignored: set[str],
    ) -> dict[str, float]:
        """Return the metric of each trial that `where` is about, by all its other settings."""
        settings = {key: value for key, value in where.items() if key != "experiment"}
        row = ClaimedRow(settings, ())
        found = {}
        for trial in trials.get(where["experiment"], ()):
            value = _value(trial, self.metric)
            if value is not None and row.is_about(trial.config):
                found[_rest(trial, ignored)] = value
        return found


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence, where it stands, and the comparisons that it rests on."""

    says: str
    source: str
    comparisons: tuple[Comparison, ...]


def read(folder: Path) -> list[Finding]:
    """Return the findings that a folder states; none without the file.

    Raises:
        ConfigurationError: the file cannot be read, or a finding lacks something.
    """
    file = folder / FILE
    if not file.is_file():
        return []
    try:
        nodes = tomllib.loads(file.read_text(encoding="utf-8")).get("finding", [])
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file} is no TOML: {error}") from None
    return [_finding(file, node) for node in nodes]


def answers(
    findings: Sequence[Finding], trials: Mapping[str, Sequence[RecordedTrial]]
) -> list[dict[str, Any]]:
    """Return each finding with its answer, from the trials of each experiment."""
    return [
        answered(
            finding.says,
            finding.source,
            [comparison.outcome(trials) for comparison in finding.comparisons],
        )
        for finding in findings
    ]


def answered(says: str, source: str, outcomes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a finding with its answer: yes, no, in part, or open where no pair has run."""
    told = {outcome["holds"] for outcome in outcomes} - {None}
    answer = {frozenset(): "open", frozenset({True}): "yes", frozenset({False}): "no"}
    return {
        "says": says,
        "source": source,
        "answer": answer.get(frozenset(told), "in part"),
        "comparisons": list(outcomes),
    }


def _finding(file: Path, node: Mapping[str, Any]) -> Finding:
    if not node.get("says"):
        raise ConfigurationError(f"a finding in {file} needs says, but got {dict(node)}")
    comparisons = tuple(_comparison(file, one) for one in node.get("comparison", ()))
    return Finding(node["says"], node.get("source", ""), comparisons)


def _comparison(file: Path, node: Mapping[str, Any]) -> Comparison:
    if not _NEEDED <= set(node) <= _KEYS or node["expect"] not in {"lower", "higher"}:
        raise ConfigurationError(
            f"a comparison in {file} needs {', '.join(sorted(_NEEDED))} (expect: lower or higher) "
            f"and may have apart_from and name, but got {dict(node)}"
        )
    for side in ("of", "than"):
        if "experiment" not in node[side]:
            raise ConfigurationError(f"{side} of a comparison in {file} must name its experiment")
    return Comparison(**{**node, "apart_from": tuple(node.get("apart_from", ()))})


def _value(trial: RecordedTrial, metric: str) -> float | None:
    if metric == "failed":
        return float(trial.failed)
    names = [name.strip() for name in metric.split(" - ")]
    if trial.failed or any(name not in trial.metrics for name in names):
        return None
    first, *others = (trial.metrics[name] for name in names)
    return first - sum(others)


def _rest(trial: RecordedTrial, ignored: set[str]) -> str:
    """Return all settings of a trial but those that are compared, as one text."""
    leaves = dict(_leaves({name: trial.config[name] for name in _SETTINGS}))
    kept = {
        key: value
        for key, value in leaves.items()
        if not any(key == one or key.startswith(f"{one}.") for one in ignored)
    }
    data = trial.config["dataset"].get("fraction") or 1.0
    return json.dumps({"data": data, **kept}, sort_keys=True, default=str)


def _leaves(node: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if isinstance(node, dict):
        children = node.items()
    elif isinstance(node, list) and any(isinstance(one, dict) for one in node):
        children = dict(enumerate(node)).items()
    else:
        return [(prefix, node)]
    return [
        leaf
        for name, child in children
        for leaf in _leaves(child, f"{prefix}.{name}" if prefix else str(name))
    ]


def _named(where: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return what tells one kind of trials from the other."""
    differs = {key: value for key, value in where.items() if other.get(key) != value} or where
    return ", ".join(
        f"{key.rpartition('.')[2]} {json.dumps(value) if isinstance(value, list) else value}"
        for key, value in differs.items()
    )
