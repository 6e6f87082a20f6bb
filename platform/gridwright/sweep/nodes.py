"""What every node of a cluster must have before a trial is sent there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from gridwright import __version__
from gridwright.errors import GridwrightError, SweepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gridwright.contract import TrialSpec

#: Seconds that a node has for its answer.
_PATIENCE = 120


def check_nodes(specs: Iterable[TrialSpec]) -> None:
    """Ask every node for Gridwright and the trials' plugins; where there is only one, nothing.

    Raises:
        SweepError: a node lacks one of them, has another version of it, or does not answer; it is
            named.
    """
    wanted = {spec.model: spec.plugin_version for spec in specs}
    problems = _ask(_missing, wanted, __version__)
    if problems:
        raise SweepError(
            f"{'; '.join(problems)}: install the same versions on every node of the cluster"
        )


def check_shared(folder: Path) -> None:
    """Ask every node for a file of `folder`; where there is only one, nothing.

    Args:
        folder: absolute; it is made if it is not there.

    Raises:
        SweepError: a node does not reach the folder, or does not answer; it is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="shared-") as mark:
        problems = _ask(_unreachable, mark.name)
    if problems:
        raise SweepError(
            f"{'; '.join(problems)}: set tracking.spool to a folder that all nodes share, as the "
            "members of a population go on from each other's states"
        )


def _ask(question: Callable[..., list[str]], *arguments: Any) -> list[str]:
    """Return what is wrong with which node of a cluster; nothing where there is only one."""
    nodes = [node for node in ray.nodes() if node["Alive"]]
    if len(nodes) < 2:
        return []
    task = ray.remote(num_cpus=0, max_retries=0)(question)
    # All at once; several nodes may share an address.
    asked = [
        (
            node["NodeManagerAddress"],
            task.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            ).remote(*arguments),
        )
        for node in nodes
    ]
    return [problem for address, answer in asked for problem in _problems(address, answer)]


def _problems(address: str, answer: Any) -> list[str]:
    try:
        return [f"node {address} {missing}" for missing in ray.get(answer, timeout=_PATIENCE)]
    except ray.exceptions.GetTimeoutError:
        return [f"node {address} does not answer within {_PATIENCE} s"]
    except ray.exceptions.RayError as error:
        # A node without Gridwright cannot even read the question.
        reason = str(error).strip().splitlines()[-1]
        return [f"node {address} cannot run Gridwright ({reason})"]


def _missing(wanted: Mapping[str, str], gridwright: str) -> list[str]:
    """Return what this node lacks of the plugins `wanted`, name -> version, and of Gridwright."""
    from gridwright.plugins import load_model_plugin

    missing = []
    if __version__ != gridwright:
        missing.append(f"has version {__version__} of Gridwright, not {gridwright}")
    for name, version in wanted.items():
        try:
            found = load_model_plugin(name).version
        except GridwrightError:
            missing.append(f"lacks the plugin {name}")
            continue
        if found != version:
            missing.append(f"has version {found} of the plugin {name}, not {version}")
    return missing


def _unreachable(file: str) -> list[str]:
    """Return that this node does not see a file; nothing where it does."""
    found = Path(file)
    return [] if found.exists() else [f"does not reach the folder {found.parent}"]
