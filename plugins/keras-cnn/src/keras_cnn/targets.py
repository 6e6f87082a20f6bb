"""Targets between the user's side (labels, values) and the network's (codes, standardised values).

Codes are positions in the sorted labels. Values are standardised, as in section 3 of the paper
(there by the variance, here by the standard deviation), so that a loss does not depend on units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import DataDescription
from gridwright.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gridwright.contract import Array


@dataclass(frozen=True, eq=False)
class ClassTargets:
    """Class labels.

    Attributes:
        classes: sorted labels, `(n_classes,)`.
        one_hot: whether the loss compares rows `(n, n_classes)` rather than codes `(n,)`.
    """

    classes: Array
    one_hot: bool

    @property
    def n_outputs(self) -> int:
        """Number of columns that the network puts out."""
        return len(self.classes)

    def encode(self, y: Array) -> Array:
        """Return the codes `(n,)`, or the rows `(n, n_classes)`.

        Raises:
            DatasetError: a label is not among the classes.
        """
        codes = self.codes(y)
        if not self.one_hot:
            return codes.astype(np.int32)
        rows: Array = np.eye(len(self.classes), dtype=np.float32)[codes]
        return rows

    def codes(self, y: Array) -> Array:
        """Return the position of each label among the classes, `(n,)`.

        Raises:
            DatasetError: a label is not among the classes.
        """
        y = _labels(y)
        codes: Array = np.searchsorted(self.classes, y).clip(0, len(self.classes) - 1)
        unknown = y[self.classes[codes] != y]
        if len(unknown):
            raise DatasetError(
                f"label {unknown[0].item()!r} is not among the classes {self.classes.tolist()}"
            )
        return codes

    def sample_weights(self, y: Array, weights: str | Mapping[Any, float]) -> Array:
        """Return the weight of each sample, float32 `(n,)`.

        Args:
            y: labels.
            weights: by label (as it is, or as text), 1 for those that are missing; or `balanced`,
                which gives each class that occurs the same sum.
        """
        codes = self.codes(y)
        if isinstance(weights, str):
            counts = np.bincount(codes, minlength=len(self.classes))
            by_class = len(codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        else:
            named = {str(label): weight for label, weight in weights.items()}
            by_class = np.array([named.get(str(label), 1.0) for label in self.classes])
        rows: Array = by_class.astype(np.float32)[codes]
        return rows

    def decode(self, outputs: Array) -> Array:
        """Return the label of the most probable class, `(n,)`."""
        labels: Array = self.classes[outputs.argmax(axis=1)]
        return labels

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`."""
        return {
            "classes": self.classes.tolist(),
            "dtype": self.classes.dtype.str,
            "one_hot": self.one_hot,
        }


@dataclass(frozen=True, eq=False)
class ValueTargets:
    """Numbers.

    Attributes:
        mean: of each column, `(n_outputs,)`.
        scale: standard deviation of each column, `(n_outputs,)`; 1 for a constant one.
        n_axes: 1 if targets are `(n,)`, 2 if they are `(n, n_outputs)`.
    """

    mean: Array
    scale: Array
    n_axes: int

    @property
    def n_outputs(self) -> int:
        """Number of columns that the network puts out."""
        return len(self.mean)

    def encode(self, y: Array) -> Array:
        """Return standardised values `(n, n_outputs)`."""
        return ((_columns(y) - self.mean) / self.scale).astype(np.float32)

    def decode(self, outputs: Array) -> Array:
        """Return values in the user's units, `(n,)` or `(n, n_outputs)`."""
        values = outputs.astype(np.float64) * self.scale + self.mean
        return values[:, 0] if self.n_axes == 1 else values

    def to_json(self) -> dict[str, Any]:
        """Return plain values for `from_json`."""
        return {
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "n_axes": self.n_axes,
        }


Targets = ClassTargets | ValueTargets


def class_targets(y: Array, classes: Sequence[Any] | None, *, one_hot: bool) -> ClassTargets:
    """Return the encoding of labels; `classes` names them all where `y` may not hold each."""
    return ClassTargets(np.unique(_labels(y) if classes is None else np.asarray(classes)), one_hot)


def value_targets(y: Array) -> ValueTargets:
    """Return the standardisation that makes the columns of `y` mean 0 and standard deviation 1.

    Raises:
        DatasetError: a target is not a finite number.
    """
    columns = _columns(y)
    scale = columns.std(axis=0)
    return ValueTargets(columns.mean(axis=0), np.where(scale > 0, scale, 1.0), np.ndim(y))


def from_json(task: str, stored: Mapping[str, Any]) -> Targets:
    """Return what `to_json` has written down.

    Raises:
        KeyError, TypeError, ValueError: it was altered since.
    """
    if task not in ("classification", "regression"):
        raise ValueError(f"unknown task {task!r}")
    if task == "classification":
        classes = np.asarray(stored["classes"], dtype=np.dtype(stored["dtype"]))
        return ClassTargets(classes, bool(stored["one_hot"]))
    return ValueTargets(
        np.asarray(stored["mean"], dtype=np.float64),
        np.asarray(stored["scale"], dtype=np.float64),
        int(stored["n_axes"]),
    )


def description(task: Any, x: Array, targets: Targets) -> DataDescription:
    """Return what an architecture is checked against."""
    classes = tuple(targets.classes.tolist()) if isinstance(targets, ClassTargets) else ()
    return DataDescription(
        name="",
        task=task,
        n_train=len(x),
        sample_shape=x.shape[1:],
        dtype=str(x.dtype),
        classes=classes,
        n_outputs=1 if classes else targets.n_outputs,
    )


def _labels(y: Array) -> Array:
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    if y.ndim != 1:
        raise DatasetError(f"class labels must have the shape (n,), but got {y.shape}")
    return y


def _columns(y: Array) -> Array:
    y = np.asarray(y)
    if y.ndim not in (1, 2) or y.dtype.kind not in "fiub" or not np.isfinite(y).all():
        raise DatasetError(
            f"targets must be finite numbers of shape (n,) or (n, n_outputs), but got {y.dtype} "
            f"of shape {y.shape}"
        )
    return y.reshape(len(y), -1).astype(np.float64)
