"""What one trial asks of a cluster, and how many trials that lets run at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridwright.errors import SweepError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Names of `resources.` -> Ray's own, and what one of it is called.
_NAMES = {"cpus": ("CPU", "CPUs"), "gpus": ("GPU", "GPUs"), "memory": ("memory", "GB of memory")}
_GB = 10**9


def trial_resources(settings: Mapping[str, Any]) -> dict[str, float]:
    """Return what Tune is to reserve for a trial: `cpu`, `gpu`, and bytes of `memory` if asked.

    Args:
        settings: the configuration's `resources`.
    """
    wanted = {"cpu": float(settings["cpus"]), "gpu": float(settings["gpus"])}
    if settings.get("memory"):
        wanted["memory"] = settings["memory"] * _GB
    return wanted


def holds(amounts: Mapping[str, float], wanted: Mapping[str, float]) -> bool:
    """Tell whether a trial fits into amounts of resources, which have Ray's own names."""
    return all(amounts.get(name, 0) >= wanted.get(name.lower(), 0) for name, _ in _NAMES.values())


def shortage(
    free: Mapping[str, float], every: Mapping[str, float], wanted: Mapping[str, float]
) -> str:
    """Return what a trial asks for, and how much of it is free of all there is, in words."""
    asked, there = [], []
    for name, units in _NAMES.values():
        if count := wanted.get(name.lower()):
            unit = units.removesuffix("s")
            asked.append(f"{_shown(name, count):g} {unit}")
            has, all_of_it = (_shown(name, amounts.get(name, 0)) for amounts in (free, every))
            there.append(f"{has:g} of {all_of_it:g} {unit}")
    return f"a trial asks for {' and '.join(asked)}, and {' and '.join(there)} are free"


def workers(wanted: Mapping[str, float]) -> int:
    """Return how many trials fit the cluster at once."""
    import ray

    return fitting(ray.cluster_resources(), wanted)


def fitting(amounts: Mapping[str, float], wanted: Mapping[str, float]) -> int:
    """Return how many trials fit into amounts of resources, and 1 at least."""
    fits = [
        amounts.get(name, 0) // wanted[name.lower()]
        for name, _ in _NAMES.values()
        if wanted.get(name.lower())
    ]
    return max(1, int(min(fits, default=1)))


def check_resources(wanted: Mapping[str, float]) -> None:
    """Refuse what no node can ever hold: Tune would wait for it without an end.

    Raises:
        SweepError: no node has so much of all of it.
    """
    import ray

    nodes: list[dict[str, Any]] = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(holds(node, wanted) for node in nodes):
        asked = " and ".join(
            f"resources.{setting}={_shown(name, wanted.get(name.lower(), 0)):g}"
            for setting, (name, _) in _NAMES.items()
            if name.lower() in wanted
        )
        largest = ", ".join(
            " and ".join(
                f"{_shown(name, node.get(name, 0)):.3g} {unit}"
                for name, unit in _NAMES.values()
                if name.lower() in wanted
            )
            for node in nodes
        )
        raise SweepError(f"no node can hold a trial with {asked}: the cluster has {largest}")


def _shown(name: str, count: float) -> float:
    return count / _GB if name == "memory" else count
