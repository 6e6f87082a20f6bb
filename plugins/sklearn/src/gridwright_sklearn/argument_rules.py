"""The arguments of an estimator, held against scikit-learn's own constraints, one by one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gridwright.contract import Problem
from gridwright.errors import unknown_name
from gridwright_sklearn.building import RESERVED, defaults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gridwright.contract import DataDescription
    from gridwright_sklearn.catalogue import Entry

# scikit-learn says: The 'alpha' parameter of Ridge must be <rule>. Got <value> instead.
_SENTENCE = re.compile(r"parameter of \w+ (must .*)\. Got .* instead\.$", re.DOTALL)


def argument_problems(
    entry: Entry, arguments: Mapping[str, Any], data: DataDescription
) -> list[Problem]:
    """Return every problem of the arguments of a class of the list."""
    known = [name for name in defaults(entry) if name not in RESERVED]
    found = []
    for name, value in arguments.items():
        if name in RESERVED:
            message: str | None = RESERVED[name]
        elif name not in known:
            message = unknown_name(f"parameter of {entry.name}", name, known)
        else:
            message = _objection(entry, name, value)
        if message:
            found.append(Problem(f"params.{name}", message))
    return found or [
        Problem(f"params.{name}", message) for name, message in _beyond(arguments, data)
    ]


def _objection(entry: Entry, name: str, value: Any) -> str | None:
    """Return what scikit-learn has against a value, None for nothing."""
    rule = _broken_rule(entry, name, value)
    if rule is None and isinstance(value, bool) and _is_no_choice(entry, name):
        # In Python, true is the number 1; in a configuration it is no answer to "how many?".
        rule = _broken_rule(entry, name, object())
    return f"{rule}, but got {value!r}" if rule else None


def _broken_rule(entry: Entry, name: str, value: Any) -> str | None:
    from sklearn.utils._param_validation import (
        InvalidParameterError,
        validate_parameter_constraints,
    )

    constraints = getattr(entry.load(), "_parameter_constraints", {})
    try:
        validate_parameter_constraints(constraints, {name: value}, caller_name=entry.name)
    except InvalidParameterError as error:
        told = _SENTENCE.search(str(error))
        return told[1] if told else str(error)
    except (TypeError, ValueError) as error:
        # A constraint that compares the value met one of a type it had not thought of.
        return f"must be a value that scikit-learn understands ({error})"
    return None


def _is_no_choice(entry: Entry, name: str) -> bool:
    rules = getattr(entry.load(), "_parameter_constraints", {}).get(name, ())
    if rules == "no_validation":
        return False
    own = ("boolean", "verbose", "array-like", bool)
    # Only numbers take a bool for what it is not.
    return not any(rule in own for rule in rules if isinstance(rule, str | type))


def _beyond(arguments: Mapping[str, Any], data: DataDescription) -> Iterator[tuple[str, str]]:
    """Yield what is only found out in training otherwise: (name, sentence)."""
    neighbours = arguments.get("n_neighbors")
    if isinstance(neighbours, int) and neighbours > data.n_train:
        yield (
            "n_neighbors",
            (
                f"must be at most the {data.n_train} samples that are trained on, "
                f"but got {neighbours}"
            ),
        )
    layers = arguments.get("hidden_layer_sizes", ())
    sizes = layers if isinstance(layers, list | tuple) else [layers]
    if not all(isinstance(size, int) and size >= 1 for size in sizes):
        yield (
            "hidden_layer_sizes",
            f"must be a list of whole numbers of at least 1, but got {layers!r}",
        )
