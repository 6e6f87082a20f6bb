"""The `gridwright` command: arguments in, an exit status out.

What the command does is in `gridwright.application`. What takes long to import is imported where
it is needed, so that a wrong command is answered at once.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import traceback
from itertools import pairwise
from typing import TYPE_CHECKING

from gridwright.command_settings import OPTIONS, SHORT_OPTIONS
from gridwright.errors import ConfigurationError, GridwrightError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

#: Exit status after Ctrl-C, as shells have it: 128 + SIGINT.
INTERRUPTED = 130
#: What `--cfg` shows.
_SHOWN = ("all", "hydra", "job")


def main() -> None:
    """Run the command line; never returns."""
    # What imports make stays: looking for garbage after every 700 objects is a sixth of their time.
    gc.set_threshold(100_000)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Answer what can be told from files alone, or run the command; return the exit status."""
    try:
        text = _told(arguments)
    except GridwrightError as error:
        return _failed(error)
    if text is None:
        return run_command(arguments)
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:  # as in `gridwright --help | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _told(arguments: Sequence[str]) -> str | None:
    """Return what a command only asks for: help, or shell completion; None for any other.

    Raises:
        ConfigurationError: an option that there is not, or something that is not installed.
    """
    if arguments[:1] and arguments[0] in {"-sc", "--shell-completion"}:
        from gridwright.completion import answer

        return answer(" ".join(arguments[1:]), os.environ.get("COMP_LINE", ""))
    _refuse_unknown_options(arguments)
    if {"--help", "-h"} & set(arguments):
        from gridwright.help_text import help_for

        return f"{help_for(arguments)}\n"
    return None


def _refuse_unknown_options(arguments: Sequence[str]) -> None:
    """Name the nearest option; argparse would print all of Hydra's, and no hint.

    Raises:
        ConfigurationError: an option that there is not.
    """
    for before, after in pairwise(arguments):
        if before in {"--cfg", "-c"} and after not in _SHOWN:
            raise ConfigurationError(unknown_name("part to show", after, _SHOWN))
    for argument in arguments:
        name = argument.partition("=")[0]
        if not name.startswith("-") or name in SHORT_OPTIONS:
            continue
        # As argparse does, take the beginning of an option for the whole of it.
        if not (name.startswith("--") and any(option.startswith(name) for option in OPTIONS)):
            near = OPTIONS if name.startswith("--") else (*OPTIONS, *SHORT_OPTIONS)
            raise ConfigurationError(unknown_name("option", name, near))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what a user can mend is printed as a sentence.

    0: finished; 1: finished, but the single run failed, or (`strict=true`) a trial of the sweep;
    2: bad input, nothing was started; 130: interrupted.
    """
    # Without this, Hydra prints the exception and ends the process before it gets here.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    import hydra

    from gridwright.composition_errors import explain
    from gridwright.data_quoting import with_quotes
    from gridwright.schema import register
    from gridwright.searching import SearchingApplication

    register()
    arguments = with_quotes(arguments)
    application = SearchingApplication(arguments)
    compose = hydra.main(
        config_path="pkg://gridwright.conf", config_name="config", version_base="1.3"
    )
    sys.argv[1:] = arguments
    _leave_at_second_interrupt(application.command)
    error: GridwrightError | None
    try:
        compose(application)()
        error = application.error
    except KeyboardInterrupt:
        _say(_interrupted(application.command))
        return INTERRUPTED
    except Exception as raised:
        error = explain(raised, arguments)
        if error is None:
            raise
    return 0 if error is None else _failed(error)


def _failed(error: GridwrightError) -> int:
    if os.environ.get("GRIDWRIGHT_TRACEBACK") == "1":
        traceback.print_exception(error)
    _say(str(error))
    return error.exit_code


def _interrupted(command: str) -> str:
    return f"interrupted; what was finished is kept. To continue: {command}"


def _leave_at_second_interrupt(command: str) -> None:
    """Let Ctrl-C end the command in good order, and once more at once: the spool is on disk."""
    if threading.current_thread() is not threading.main_thread():
        return
    pressed = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 1:
            _say(_interrupted(command))
            os._exit(INTERRUPTED)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, handle)


def _say(sentence: str) -> None:
    print(f"gridwright: {sentence}", file=sys.stderr)
