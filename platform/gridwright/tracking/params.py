"""A resolved configuration -> the flat texts that MLflow keeps of it: parameters, run name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridwright.contract import TrialSpec

#: MLflow cuts longer values without a word.
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
_NAME_LENGTH = 120
# A longer list would be hundreds of parameters.
_LISTED = 40

# Logged beside the model's own parameters; a parameter of the model with such a name gets a
# prefix.
_RESERVED = frozenset({"model", "dataset", "seed"})


def flat_params(spec: TrialSpec) -> dict[str, str]:
    """Return the parameters to log: the model's by their own names, then what surrounds them.

    A list of settings, such as a network's layers, is one parameter for each of them
    (`architecture.0.filters`), so that trials can be told apart and compared. Where a preset of the
    model's was chosen (`model/architecture=...`), its name is a parameter, too.

    A value is written as one would type it in an override: `[10,10,5]`, `0.01`, `true`, `null`.
    """
    flat: dict[str, str] = {}
    for name, value in _leaves(spec.parameters):
        flat[f"model.{name}" if name.split(".")[0] in _RESERVED else name] = as_typed(value)
    for key, choice in _presets(spec):
        flat.setdefault(key, choice)
    flat["model"] = spec.model
    flat["dataset"] = spec.dataset
    flat["seed"] = as_typed(spec.seed)
    for name, value in _leaves(spec.config.get("dataset", {})):
        if name != "name" and value is not None:
            flat[f"dataset.{name}"] = as_typed(value)
    return {name: shortened(value, PARAM_LENGTH) for name, value in flat.items()}


def run_name(spec: TrialSpec) -> str:
    """Return a readable name of a trial, from what distinguishes it in its sweep.

    Lists and words speak for themselves, numbers need their parameter's name:
    `[10,10,5] ReLU eta=0.01`.
    """
    settings = [override.partition("=")[::2] for override in spec.overrides]
    # An experiment is the same for all of its trials.
    parts = [label(key, value) for key, value in settings if key != "experiment"]
    name = " ".join(part for part in parts if part)
    name = name or f"{spec.dataset} {spec.model} {spec.index}"
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 3]}..."


def as_typed(value: Any) -> str:
    """Return `value` as one would type it on the command line."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


def shortened(text: str, length: int) -> str:
    """Return `text`, or its beginning with a mark that says so, and a digest of the whole."""
    if len(text) <= length:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    mark = f"... (cut, sha256 {digest})"
    return text[: length - len(mark)] + mark


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        elif isinstance(value, list) and _is_listed(value):
            yield from _leaves({str(i): v for i, v in enumerate(value)}, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _is_listed(values: list[Any]) -> bool:
    """Tell whether `values` are settings of a few things, each to be a parameter of its own."""
    return 0 < len(values) <= _LISTED and all(isinstance(value, Mapping) for value in values)


def _presets(spec: TrialSpec) -> Iterator[tuple[str, str]]:
    """Yield the presets that the overrides choose: `model/architecture=small` -> its last name."""
    for override in spec.overrides:
        key, _, choice = override.lstrip("+").partition("=")
        group, _, name = key.partition("/")
        if group == "model" and name and choice not in {"", "null"}:
            yield name.partition("@")[0].replace("/", "."), choice


def label(key: str, value: str) -> str:
    """Return `value`, with the last part of its name where it does not speak for itself."""
    short = key.lstrip("+~").rpartition(".")[2].rpartition("/")[2]
    value = value.strip("'\"")
    if not value:
        return short
    return value if _speaks_for_itself(value) else f"{short}={value}"


def _speaks_for_itself(value: str) -> bool:
    if value.lower() in {"true", "false", "null", "none"}:
        return False
    try:
        float(value)
    except ValueError:
        return True
    return False


def swept_names(runs: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the parameters that differ between `runs`, in the order they were logged."""
    names = list(dict.fromkeys(name for run in runs for name in run))
    return [name for name in names if len({run.get(name) for run in runs}) > 1]
