"""Samples of a request for a tensor: nested lists or pictures -> an array of the signature."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.tracking.refusals import RefusedInput
from gridwright.tracking.request_picture import are_pictures, pictures

if TYPE_CHECKING:
    from mlflow.types import TensorSpec

    from gridwright.contract import Array


def tensor(
    payload: Any, form: str, spec: TensorSpec, *, truths: bool = True, resize: bool = False
) -> Array:
    """Return the samples `(n, *shape)` in the type of the signature, without any loss.

    Args:
        payload: nested lists of numbers, or picture files as base64 texts.
        form: name of the request's field.
        spec: shape, with -1 for the number of samples, and type.
        truths: whether a truth value may be among the numbers; without any, none is looked for.
        resize: pictures of another size are made the model's, as those of training were.

    Raises:
        RefusedInput: another shape, or a value that the type cannot hold.
    """
    shape = tuple(spec.shape[1:])
    if form.startswith("dataframe") or not isinstance(payload, list):
        raise RefusedInput(
            f"this model takes samples of shape {shape}: send them as nested lists in `inputs`"
        )
    if not payload:
        raise RefusedInput("the request must hold at least one sample, but it is empty")
    if are_pictures(payload):
        return pictures(payload, shape, np.dtype(spec.type), resize=resize)
    array = _natural(payload, shape)
    if array.shape[1:] != shape:
        raise RefusedInput(
            f"the input must have the shape (samples, {', '.join(map(str, shape))}), not "
            f"{array.shape}"
        )
    if array.dtype.kind not in "iuf" or (truths and _holds_truths(payload, array.ndim)):
        raise RefusedInput(
            "every value must be a number of 64 bits at most; text, null, true and false are none"
        )
    return _converted(array, np.dtype(spec.type))


def _natural(payload: list[Any], shape: tuple[int, ...]) -> Array:
    try:
        return np.array(payload)
    except (ValueError, OverflowError, RecursionError):  # ragged, or nested deeper than numpy goes
        raise RefusedInput(
            f"the samples must be nested lists of numbers, each of shape {shape}"
        ) from None


def _holds_truths(payload: list[Any], ndim: int) -> bool:
    values: Any = payload
    for _ in range(ndim - 1):
        values = chain.from_iterable(values)
    return bool in set(map(type, values))


def _converted(array: Array, dtype: np.dtype[Any]) -> Array:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        _refuse(array, ~np.isfinite(array), "finite")
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if array.dtype.kind == "f" and (part := array != np.rint(array)).any():
            _refuse(array, part, f"a whole number, as {dtype} is")
        outside = (array < limits.min) | (array > limits.max)
        if outside.any():
            _refuse(array, outside, f"from {limits.min} to {limits.max}")
    with np.errstate(over="ignore"):
        converted = array.astype(dtype)
    if dtype.kind == "f" and not np.isfinite(converted).all():
        _refuse(array, ~np.isfinite(converted), f"within the range of {dtype}")
    return converted


def _refuse(array: Array, bad: Array, rule: str) -> None:
    place = np.argwhere(bad)[0].tolist()
    raise RefusedInput(
        f"every value must be {rule}, but the input holds {array[tuple(place)].item()} at {place}"
    )
