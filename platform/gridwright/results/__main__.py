"""`python -m gridwright.results`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridwright.errors import ConfigurationError, GridwrightError

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE, TEMPLATE, PAGE = "results.json", "README.jinja", "README.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the results of a folder of experiments, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m gridwright.results",
        description="Write what came of a folder of experiments: results.json and README.md.",
    )
    parser.add_argument("folder", type=Path, help="holds the experiment files and README.jinja")
    parser.add_argument("--tracking", metavar="URI", help="add the results in this store")
    parser.add_argument("--machine", default="", help="what the sweeps ran on, in words")
    given = parser.parse_args(arguments)
    try:
        write(given.folder, given.tracking, given.machine)
    except GridwrightError as error:
        sys.stderr.write(f"gridwright.results: {error}\n")
        return 2
    return 0


def write(folder: Path, tracking: str | None = None, machine: str = "") -> None:
    """Write the page; where there is a store, add its results to the file of results before.

    Raises:
        ConfigurationError: the folder lacks a file, or one cannot be read.
        TrackingError: the store cannot be read.
    """
    from gridwright.results import collected, merged, page

    file = folder / FILE
    if tracking is not None:
        recorded = _read(file) if file.is_file() else {}
        results = merged(recorded, collected(folder, tracking, machine))
        file.write_text(f"{json.dumps(results, indent=1)}\n", encoding="utf-8")
    for needed in (file, folder / TEMPLATE):
        if not needed.is_file():
            raise ConfigurationError(
                f"the page of {folder} needs {needed.name}, which is not there"
                + (": collect it with --tracking" if needed == file else "")
            )
    results = _read(file)
    text = page((folder / TEMPLATE).read_text(encoding="utf-8"), results)
    (folder / PAGE).write_text(text, encoding="utf-8")


def _read(file: Path) -> dict[str, Any]:
    try:
        results: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from None
    return results


if __name__ == "__main__":
    sys.exit(main())
