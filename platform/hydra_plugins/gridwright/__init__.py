"""Thin shells that Hydra discovers; the work is in `gridwright`."""
