"""A few cells, trained for some epochs in a process of their own, and what that took.

The process is a copy of this one (fork), so that it has the data already; whatever a plugin
imports, allocates or seeds there goes with it. It reports in JSON, one line a cell, so that
what it has measured counts even if its time is over. CPU time is measured, not the clock: the
probe runs while Ray and MLflow start.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from gridwright.forecast.measured import Measured
from gridwright.plugins import footprint, load_model_plugin
from gridwright.trial import run_trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.connection import Connection

    from gridwright.contract import EpochRecord, Footprint, TrialSpec
    from gridwright.datasets import TrialData

#: CPU seconds after which the probe starts no other cell, and the share of the sweep's own.
_BUDGET = 0.8
_SHARE = 0.005
#: Epochs of one cell: enough of them to last this long, in CPU seconds.
_ENOUGH = 0.02
#: Bytes of samples that a probe trains on.
_SAMPLE_BYTES = 2_000_000
_FEWEST_ROWS = 256
#: Products that an epoch of a probe takes its samples through, where a plugin tells them (a second
#: of a core, of convolutions), and the samples it has all the same.
_PRODUCTS = 1e9
#: The same for the first cell of a model, beside whose imports it must not count.
_FIRST_PRODUCTS = 3e8
_LEAST_ROWS = 16
#: Bytes of a weight in a file (float32).
_WEIGHT = 4


class Probe:
    """Runs in the background from its creation until `results` is asked for.

    Args:
        specs: cells to probe, the most telling first.
        data: by `TrialSpec.dataset_key`.
        share: of all trials' time: cells of the sweep over cells to probe.
    """

    def __init__(
        self, specs: Sequence[TrialSpec], data: Mapping[str, TrialData], n_trials: int
    ) -> None:
        self._started = time.monotonic()
        context = multiprocessing.get_context("fork")
        self._receiving, sending = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_measure_in_child, args=(sending, specs, data, n_trials), daemon=True
        )
        self._process.start()
        sending.close()

    def results(self, wait: float) -> list[Measured]:
        """Return what was measured by now, or within `wait` seconds, and end the process."""
        deadline = time.monotonic() + wait
        found: dict[int, Measured] = {}
        try:
            while self._receiving.poll(max(0.0, deadline - time.monotonic())):
                one = Measured(**json.loads(self._receiving.recv_bytes()))
                found[one.index] = one
        except (EOFError, OSError):
            pass  # it has said all it had to say
        self.end()
        return list(found.values())

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._receiving.close()


def _measure_in_child(
    sending: Connection,
    specs: Sequence[TrialSpec],
    data: Mapping[str, TrialData],
    n_trials: int,
) -> None:
    # Whatever is said there is said again, to the user, by the trials themselves.
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    try:
        measure(specs, data, n_trials, lambda one: sending.send_bytes(_line(one)))
    finally:
        sending.close()
        # No exit handler of this process's parent may run here.
        os._exit(0)


def _line(measured: Measured) -> bytes:
    return json.dumps(asdict(measured)).encode()


def measure(
    specs: Sequence[TrialSpec],
    data: Mapping[str, TrialData],
    n_trials: int,
    report: Callable[[Measured], None],
) -> None:
    """Measure cell after cell until the budget is spent; the first one twice, for its imports.

    What is reported of a cell replaces what was reported of it before: a first one's epochs are
    reported at once, as its imports may have taken all the time that there is.
    """
    total = 0.0
    started = time.process_time()
    for index, spec in enumerate(specs):
        told = _footprint(spec, data)
        start = 0.0
        if index == 0 or spec.model not in {before.model for before in specs[:index]}:
            before = time.process_time()
            small, more = _part_of(data[spec.dataset_key], told, _FIRST_PRODUCTS)
            _measure_one(index, spec, small, more, report)
            start = time.process_time() - before
        part, scale = _part_of(data[spec.dataset_key], told, _PRODUCTS)
        one = _measure_one(index, spec, part, scale)
        if start:
            share = scale / more
            one = replace(one, start=max(0.0, start - (one.first + one.rest) * share))
        report(one)
        total += one.seconds
        budget = max(_BUDGET, _SHARE * n_trials * total / (index + 1))
        if time.process_time() - started - start > budget:
            return


def _measure_one(
    index: int,
    spec: TrialSpec,
    part: TrialData,
    scale: float,
    report_first: Callable[[Measured], None] | None = None,
) -> Measured:
    plugin = load_model_plugin(spec.model)
    told = footprint(plugin, spec.parameters, part.description)
    epochs = None if told is None else told.epochs
    marks: list[float] = []
    begun = time.process_time()

    def stop(record: EpochRecord) -> bool:
        marks.append(time.process_time() - begun)
        enough = epochs is not None and record.epoch >= 2 and marks[-1] - marks[0] >= _ENOUGH
        if enough and report_first is not None:
            report_first(after_imports())
        return enough

    def after_imports() -> Measured:
        epoch = (marks[-1] - marks[0]) / (len(marks) - 1)
        return Measured(
            index=index,
            first=epoch,
            epoch=epoch,
            epochs=epochs,
            rest=epoch,  # a guess: it evaluates what an epoch trains on
            scale=scale,
            start=max(0.0, marks[0] - epoch),
            model_bytes=_WEIGHT * told.parameters if told else 0,
            memory=max(0, _resident() - memory),
            diverged=False,
        )

    memory = _resident()
    result = run_trial(spec, part, plugin, stop)
    whole = time.process_time() - begun
    fit = marks[-1] if marks and epochs is not None else whole
    return Measured(
        index=index,
        first=marks[0] if marks and epochs is not None else whole,
        epoch=(marks[-1] - marks[0]) / (len(marks) - 1) if len(marks) > 1 else 0.0,
        epochs=epochs if marks else None,
        rest=whole - fit,
        scale=scale,
        start=0.0,
        model_bytes=sum(map(len, result.files.values())),
        memory=max(0, _resident() - memory),
        diverged=result.failure is not None,
    )


def _footprint(spec: TrialSpec, data: Mapping[str, TrialData]) -> Footprint | None:
    description = data[spec.dataset_key].description
    return footprint(load_model_plugin(spec.model), spec.parameters, description)


def _part_of(data: TrialData, told: Footprint | None, most: float) -> tuple[TrialData, float]:
    """Return the first rows of every part of the data, and how many times more there are.

    They are so few that an epoch takes them through no more than `most` products. A model that
    knows no epochs trains on all of it.
    """
    n_train = rows = len(data.x_train)
    if told is not None and told.epochs is not None:
        sample = max(1, 4 * int(data.x_train[0].size))
        rows = max(_FEWEST_ROWS, _SAMPLE_BYTES // sample)
        if told.products:
            rows = min(rows, max(_LEAST_ROWS, int(most // told.products)))
        rows = min(n_train, rows)
    scale = n_train / rows

    def cut(array: Any) -> Any:
        return None if array is None else array[: max(1, round(len(array) / scale))]

    names = ("x_train", "y_train", "x_validation", "y_validation", "x_test", "y_test")
    return replace(data, **{name: cut(getattr(data, name)) for name in names}), scale


def _resident() -> int:
    """Return the bytes of memory that this process holds; 0 where nobody tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path is made
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
