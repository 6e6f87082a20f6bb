"""The page of a folder's results: prose from its template, every number from the file."""

from __future__ import annotations

from collections import Counter
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined, TemplateError

from gridwright.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def page(template: str, results: Mapping[str, Any]) -> str:
    """Return the page in Markdown.

    The template may use `results`, as `collected` returns it, `table("iris")` for an experiment's
    claims beside what was obtained, `commands("iris")` for how it was run (without the sweeps
    whose share of the data no row of the table has any more), `findings()`, and `machines()` for
    what the sweeps ran on.

    Raises:
        ConfigurationError: the template asks for what is not there.
    """
    environment = Environment(  # noqa: S701 - Markdown for a repository, and all of it our own
        undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    known = results["experiments"]
    marks = _marks(sweep for experiment in known.values() for sweep in experiment["sweeps"])
    try:
        return environment.from_string(template).render(
            results=results,
            table=lambda name: table(known[name]["rows"]),
            commands=lambda name: commands(_shown(known[name]), marks),
            machines=lambda: machines(marks),
            findings=lambda: findings(results["findings"]),
        )
    except (TemplateError, KeyError) as error:
        raise ConfigurationError(f"the template of the page cannot be filled: {error}") from None


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows of an experiment: for each metric what was claimed, and what was obtained."""
    metrics = list(dict.fromkeys(metric for row in rows for metric in row["figures"]))
    header = ["trials", *(head for name in metrics for head in _heads(name)), "data", "n", "held"]
    lines = [header, ["---", *["---:"] * (len(header) - 2), "---"]]
    for row in rows:
        cells = [f"`{row['row']}`"]
        for metric in metrics:
            figure = row["figures"].get(metric)
            cells += ["", ""] if figure is None else [f"{figure['claimed']:g}", _obtained(figure)]
        lines.append([*cells, _share(row["data"]), str(len(row["seeds"]) or ""), _held(row)])
    return _markdown(lines)


def commands(sweeps: Sequence[Mapping[str, Any]], marks: Mapping[str, str]) -> str:
    """Return how an experiment was run: command, what it took, date, commit and versions.

    Args:
        sweeps: as `collected` tells them.
        marks: of their machines; where there is but one, it is not named.
    """
    if not sweeps:
        return "Not run."
    parts = []
    for sweep in sweeps:
        failed = f", {sweep['failed']} of them failed" if sweep["failed"] else ""
        trials = f"{sweep['trials']} trial{'s' * (sweep['trials'] > 1)}{failed}"
        broken = ", not at one stretch" if sweep["continued"] else ""
        where = f" on {marks[sweep['machine']]}" if len(marks) > 1 else ""
        versions = ", ".join(f"{name} {one}" for name, one in sweep["versions"].items())
        parts.append(
            f"    {sweep['command']}\n\n"
            f"{trials} in {_clock(sweep['seconds'])}{where}{broken}, {sweep['date']}, commit "
            f"{sweep['commit'][:10]}; {versions}."
        )
    return "\n\n".join(parts)


def machines(marks: Mapping[str, str]) -> str:
    """Return what the sweeps ran on: a line for each machine, with its mark if there are more."""
    if len(marks) == 1:
        return next(iter(marks))
    return "\n".join(f"- **{mark}**: {machine}" for machine, mark in marks.items())


def findings(answered: Sequence[Mapping[str, Any]]) -> str:
    """Return the findings, each with its answer and the numbers that it rests on."""
    lines = [
        ["finding", "answer", "compared", "metric", "means", "pairs as expected", "data"],
        ["---"] * 4 + ["---:"] * 3,
    ]
    for finding in answered:
        head = [f"{finding['says']} ({finding['source']})", f"**{finding['answer']}**"]
        for one in finding["comparisons"]:
            metric = f"{one['metric'].replace('_', ' ')}, {one['expect']}"
            lines.append([*head, one["compared"], metric, *_evidence(one)])
            head = ["", ""]
    return _markdown(lines)


def _shown(experiment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the sweeps of an experiment with as much data as some row of its table has."""
    shares = {row["data"] for row in experiment["rows"]}
    return [sweep for sweep in experiment["sweeps"] if shares & set(sweep["data"])]


def _marks(sweeps: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return a letter for each machine, the one with the most sweeps first."""
    counted = Counter(sweep["machine"] for sweep in sweeps)
    return dict(
        zip([machine for machine, _ in counted.most_common()], ascii_uppercase, strict=False)
    )


def _evidence(one: Mapping[str, Any]) -> list[str]:
    if not one["pairs"]:
        return ["", "not run", ""]
    means = " against ".join(f"{mean:.4g}" for mean in one["means"])
    data = ", ".join(_share(share) for share in one["data"])
    return [means, f"{one['as_expected']} of {one['pairs']}", data]


def _heads(metric: str) -> list[str]:
    return [f"{metric.replace('_', ' ')}: claimed", "obtained"]


def _obtained(figure: Mapping[str, Any]) -> str:
    if figure["obtained"] is None:
        return str(figure["verdict"])
    spread = "" if figure["spread"] is None else f" +- {figure['spread']:.2g}"
    return f"{figure['obtained']:.4g}{spread}"


def _share(share: float | None) -> str:
    return "" if share is None else "all" if share == 1 else f"{share:g}"


def _held(row: Mapping[str, Any]) -> str:
    """Return whether all claims of a row held, and which did not."""
    verdicts = {name: figure["verdict"] for name, figure in row["figures"].items()}
    missed = [name.replace("_", " ") for name, one in verdicts.items() if one == "not held"]
    if missed:
        return f"no: {', '.join(missed)}"
    other = next((one for one in verdicts.values() if one in {"not run", "failed"}), None)
    return other or "yes"


def _clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _markdown(lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
