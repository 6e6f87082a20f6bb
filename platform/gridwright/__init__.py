"""Gridwright: Hydra composes a grid, Ray Tune runs it, MLflow remembers, compares and serves."""

__version__ = "0.1.0"
