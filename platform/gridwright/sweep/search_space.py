"""The space of a search: Hydra's sweep syntax -> dimensions, points -> the overrides of a cell."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.types import IntervalSweep

from gridwright.errors import ConfigurationError
from gridwright.sweep.space import override_values, parsed_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Override

    #: Key of each dimension -> its value: an override of `Choices`, a number of an `Interval`.
    Point = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choices:
    """A dimension of listed values.

    Attributes:
        key: what is set, as in an override.
        lines: the overrides to choose from.
    """

    key: str
    lines: tuple[str, ...]

    def line(self, value: Any) -> str:
        """Return the override that sets `value`."""
        return str(value)

    def value(self, line: str) -> Any:
        """Return the value that an override sets; None where it sets none of this dimension's."""
        return line if line in self.lines else None

    def draw(self, generator: random.Random) -> str:
        """Return one of the overrides, by chance."""
        return generator.choice(self.lines)


@dataclass(frozen=True, slots=True)
class Interval:
    """A dimension of numbers, `low` to `high`.

    Attributes:
        key: what is set, as in an override.
        low: smallest value.
        high: largest value; included for whole numbers.
        log: values are spread evenly over their logarithms.
        whole: whole numbers only.
    """

    key: str
    low: float
    high: float
    log: bool
    whole: bool

    @property
    def as_whole(self) -> Interval:
        """The whole numbers of the interval."""
        return replace(self, low=math.ceil(self.low), high=math.floor(self.high), whole=True)

    @property
    def text(self) -> str:
        """The interval as a command writes it."""
        text = f"interval({self.low:g}, {self.high:g})"
        text = f"tag(log, {text})" if self.log else text
        return f"{self.key}={f'int({text})' if self.whole else text}"

    def line(self, value: Any) -> str:
        """Return the override that sets `value`."""
        return f"{self.key}={int(value) if self.whole else float(value)!r}"

    def value(self, line: str) -> Any:
        """Return the value that an override sets; None where it sets none of this dimension's."""
        key, _, text = line.partition("=")
        if key != self.key:
            return None
        try:
            number = float(text)
        except ValueError:
            return None
        return number if self.low <= number <= self.high else None

    def draw(self, generator: random.Random) -> float:
        """Return a number of the interval, by chance."""
        if self.whole and not self.log:
            return generator.randint(int(self.low), int(self.high))
        if self.log:
            number = math.exp(generator.uniform(math.log(self.low), math.log(self.high)))
        else:
            number = generator.uniform(self.low, self.high)
        number = min(max(number, self.low), self.high)
        return round(number) if self.whole else number


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """What a search may choose.

    Attributes:
        fixed: overrides that every cell has.
        dimensions: what it chooses, in the order of the command.
    """

    fixed: tuple[str, ...]
    dimensions: tuple[Choices | Interval, ...]

    @classmethod
    def of(
        cls,
        arguments: Sequence[str],
        params: Mapping[str, Any] | None,
        config_loader: ConfigLoader | None = None,
    ) -> SearchSpace:
        """Return the space that a command and `hydra.sweeper.params` span.

        Raises:
            ConfigurationError: a value cannot be read, or there is nothing to choose.
        """
        fixed: list[str] = []
        dimensions: list[Choices | Interval] = []
        for override in parsed_overrides(arguments, params, config_loader):
            if override.is_interval_sweep():
                dimensions.append(_interval(override))
            elif override.is_sweep_override():
                key = override.get_key_element()
                lines = tuple(dict.fromkeys(override_values(override)))
                dimensions.append(Choices(key, lines))
            else:
                fixed.append(override.input_line or "")
        if not dimensions:
            raise ConfigurationError(
                "there is nothing to search: give some parameter several values or an interval, "
                "such as 'model.eta=tag(log, interval(0.001, 0.1))'"
            )
        return cls(tuple(fixed), tuple(dimensions))

    def overrides(self, point: Point) -> tuple[str, ...]:
        """Return the overrides of the cell at `point`."""
        return (*self.fixed, *(one.line(point[one.key]) for one in self.dimensions))

    def point(self, overrides: Sequence[str]) -> Point | None:
        """Return the point whose cell has these overrides; None if it is none of this space's."""
        found = {}
        for dimension in self.dimensions:
            values = (dimension.value(line) for line in overrides)
            value = next((value for value in values if value is not None), None)
            if value is None:
                return None
            found[dimension.key] = value
        return found

    def spread(self, seed: int) -> Iterator[Point]:
        """Yield the first point, and then others by chance, without an end."""
        generator = random.Random(seed)
        yield self.first
        while True:
            yield {one.key: one.draw(generator) for one in self.dimensions}

    @property
    def first(self) -> Point:
        """A point of the space: the first value of every dimension."""
        return {
            one.key: one.lines[0] if isinstance(one, Choices) else one.low
            for one in self.dimensions
        }


def _interval(override: Override) -> Interval:
    sweep = override.value()
    if not isinstance(sweep, IntervalSweep) or sweep.start is None or sweep.end is None:
        raise ConfigurationError(f"{override.input_line} is no interval of two numbers")
    line, log = override.input_line, "log" in sweep.tags
    if sweep.start >= sweep.end:
        raise ConfigurationError(f"{line} is empty: its first number must be below its second")
    if log and sweep.start <= 0:
        raise ConfigurationError(f"{line} must begin above 0 to be spread over logarithms")
    # interval() makes fractions of its numbers; int() makes whole ones of these.
    whole = isinstance(sweep.start, int)
    return Interval(override.get_key_element(), sweep.start, sweep.end, log, whole)
