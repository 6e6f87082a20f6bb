"""Errors of this package: Gridwright's sentences that scikit-learn also recognises."""

from __future__ import annotations

from gridwright.errors import ConfigurationError, DatasetError


class ParameterError(ConfigurationError, ValueError):
    """A hyperparameter that cannot be used as given."""


class DataError(DatasetError, ValueError):
    """Training or validation data that the network cannot learn from."""
