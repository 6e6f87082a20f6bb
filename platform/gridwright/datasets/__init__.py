"""Data sets: named sources, the data folder, splits and digests.

Importing this package imports neither numpy nor scikit-learn: the command line lists the names
of the data sets long before it reads one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gridwright.datasets.catalogue import available

if TYPE_CHECKING:
    from gridwright.datasets.dataset import Dataset
    from gridwright.datasets.loading import load
    from gridwright.datasets.shared_arrays import shared
    from gridwright.datasets.splits import TrialData, split

__all__ = ["Dataset", "TrialData", "available", "load", "shared", "split"]

_HOMES = {
    "Dataset": "dataset",
    "TrialData": "splits",
    "load": "loading",
    "shared": "shared_arrays",
    "split": "splits",
}


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` when it is first asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
