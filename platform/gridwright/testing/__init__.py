"""The conformance suite of model plugins: subclass it in the plugin's own tests.

    from gridwright.testing import ModelPluginConformance

    class TestMyModel(ModelPluginConformance):
        plugin_name = "my-model"
        parameters = {"epochs": 3, "eta": 0.1}
        invalid_parameters = [{"epochs": 0}, {"eta": "fast"}]

pytest then runs every test of the suite against the installed plugin, on small made-up data of
each kind that it supports. This package imports pytest; nothing else in the platform does.
"""

from __future__ import annotations

import pytest

# Before the imports below: then a failed assert shows its values, as in a test module.
_PARTS = (
    "checking",
    "continuing",
    "dataset",
    "packaging",
    "predicting",
    "storing",
    "subject",
    "training",
)
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))

from gridwright.testing.checking import CheckConformance  # noqa: E402 - see above
from gridwright.testing.continuing import CheckpointConformance  # noqa: E402
from gridwright.testing.dataset import DatasetConformance  # noqa: E402
from gridwright.testing.packaging import PackageConformance  # noqa: E402
from gridwright.testing.predicting import PredictionConformance  # noqa: E402
from gridwright.testing.storing import StorageConformance  # noqa: E402
from gridwright.testing.training import TrainingConformance  # noqa: E402

__all__ = ["DatasetConformance", "ModelPluginConformance"]


class ModelPluginConformance(
    PackageConformance,
    CheckConformance,
    TrainingConformance,
    CheckpointConformance,
    PredictionConformance,
    StorageConformance,
):
    """What every model plugin promises, as tests.

    A subclass states `plugin_name` and `parameters`, and whatever else of the attributes of
    `gridwright.testing.subject.PluginUnderTest` is different for its plugin.
    """
