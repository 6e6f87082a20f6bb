"""The types that a stored model may be made of: our list, whatever a file names.

skops builds nothing but what it is told to trust: scikit-learn's own estimators, numpy's arrays
and plain values, which it knows, and the types below, of which fitted estimators are made.
A file that names any other type is refused before anything in it is built.
"""

from __future__ import annotations

from typing import Final

from gridwright_sklearn.catalogue import entries

_PARTS: Final = (
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)


def trusted_types() -> list[str]:
    """Return the names of the types, those of installed packages' estimators among them."""
    return sorted({*_PARTS, *(entry.path for entry in entries().values())})
