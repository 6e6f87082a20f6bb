"""The spirals keep every promise of a data set."""

from gridwright.testing import DatasetConformance


class TestSpirals(DatasetConformance):
    dataset_name = "spirals"
    invalid_options = [
        {"samples": 3},
        {"samples": "many"},
        {"arms": 1},
        {"arms": True},
        {"noise": -0.1},
        {"seed": 0.5},
    ]
