"""The settings of a command itself, beside those of its data and model: for help and completion.

`gridwright.schema` types them; a test holds the two together. This module imports nothing, so that
a person who asks for help does not wait.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CommandSetting:
    """One setting.

    Attributes:
        name: the key, as it is typed.
        default: as it is typed.
        text: what it does.
        choices: its values, where these are few.
    """

    name: str
    default: str
    text: str
    choices: tuple[str, ...] = ()


_SWITCH = ("true", "false")

COMMAND_SETTINGS = (
    CommandSetting("seed", "0", "seed of the training; seed=0,1,2 repeats every cell"),
    CommandSetting(
        "rank_by",
        "validation",
        "the part of the data that ranks trials",
        ("validation", "test"),
    ),
    CommandSetting("promote", "auto", "when the champion may change", ("auto", "force", "never")),
    CommandSetting("top", "10", "rows of the leaderboard on the terminal"),
    CommandSetting("dry_run", "false", "show the grid and the forecast; start nothing", _SWITCH),
    CommandSetting("forecast", "true", "probe a few cells to say how long it will take", _SWITCH),
    CommandSetting("reuse", "true", "take over what has finished before", _SWITCH),
    CommandSetting("strict", "false", "failed trials make the exit status 1", _SWITCH),
    CommandSetting("resources.cpus", "1", "cores of one trial"),
    CommandSetting("resources.gpus", "0", "GPUs of one trial; 0.5 shares one"),
    CommandSetting("resources.address", "null", "a Ray cluster that is there, such as auto"),
    CommandSetting(
        "hydra.sweeper.invalid",
        "fail",
        "what becomes of cells that cannot run",
        ("fail", "drop"),
    ),
)

#: Every option that Hydra understands; a test asks Hydra.
OPTIONS = (
    "--cfg",
    "--config-dir",
    "--config-name",
    "--config-path",
    "--experimental-rerun",
    "--help",
    "--hydra-help",
    "--info",
    "--multirun",
    "--package",
    "--resolve",
    "--run",
    "--shell-completion",
    "--version",
)
SHORT_OPTIONS = ("-c", "-cd", "-cn", "-cp", "-h", "-i", "-m", "-p", "-r", "-sc")
