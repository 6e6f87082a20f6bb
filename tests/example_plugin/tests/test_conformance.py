"""The linear model keeps every promise of a model plugin."""

from gridwright.testing import ModelPluginConformance


class TestLinearModel(ModelPluginConformance):
    plugin_name = "linear-model"
    parameters = {"epochs": 5, "eta": 0.5, "alpha": 0.001}
    invalid_parameters = [
        {"epochs": 0},
        {"epochs": True},
        {"epochs": 1.5},
        {"eta": 0},
        {"eta": "fast"},
        {"alpha": -1},
    ]
    diverging_parameters = {"epochs": 100, "eta": 1e30}
