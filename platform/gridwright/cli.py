"""The `gridwright` command: arguments in, an exit status out.

What the command does is in `gridwright.application`. What takes long to import is imported where
it is needed, so that a wrong command is answered at once.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gridwright.errors import GridwrightError

#: Exit status after Ctrl-C, as shells have it: 128 + SIGINT.
INTERRUPTED = 130


def main() -> None:
    """Run the command line; never returns."""
    arguments = sys.argv[1:]
    if arguments in (["--help"], ["-h"]):
        from gridwright.help_text import help_text

        try:
            print(help_text(), flush=True)
        except BrokenPipeError:  # as in `gridwright --help | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(run_command(arguments))


def run_command(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; what a user can mend is printed as a sentence.

    0: finished; 1: the single run failed; 2: bad input, nothing was started; 130: interrupted.
    """
    # Without this, Hydra prints the exception and ends the process before it gets here.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    import hydra

    from gridwright.application import Application
    from gridwright.composition_errors import explain
    from gridwright.schema import register

    register()
    application = Application(arguments)
    compose = hydra.main(
        config_path="pkg://gridwright.conf", config_name="config", version_base="1.3"
    )
    sys.argv[1:] = arguments
    error: GridwrightError | None
    try:
        compose(application)()
        error = application.error
    except KeyboardInterrupt:
        _say(f"interrupted; what was finished is kept. To continue: {application.command}")
        return INTERRUPTED
    except Exception as raised:
        error = explain(raised)
        if error is None:
            raise
    if error is None:
        return 0
    if os.environ.get("GRIDWRIGHT_TRACEBACK") == "1":
        traceback.print_exception(error)
    _say(str(error))
    return error.exit_code


def _say(sentence: str) -> None:
    print(f"gridwright: {sentence}", file=sys.stderr)
