"""MLPGridSearch: the paper's search (section 3.3), on the platform's sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy_mlp.activations import activation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from gridwright.contract import Array, Estimator, Task


class MLPGridSearch:
    """Trains an MLP for every combination of values, in parallel.

    Args:
        task: `classification` or `regression`.
        hidden_layers: one tuple or list of units for each architecture.
        activations: instances, classes or notations, such as `[Tanh(), ReLu(), LeakyReLu(.1)]`.
        batch_sizes: samples of a batch.
        epochs: numbers of iterations.
        mus: momenta.
        betas: factors of the initial weights.
        etas: learning rates.
        alphas: regularization coefficients.
        filename: where every architecture is saved with its history as the search goes, `.csv` or
            `.parquet`. Started again with the same file, a search trains only what is missing.
        options: further parameters of `MLPClassifier` and `MLPRegressor`, the same for all.
        seed: of every training.

    Raises:
        ConfigurationError: an unknown activation, an empty list, or another ending of `filename`.
    """

    def __init__(  # noqa: PLR0917  # the paper's signature
        self,
        task: Task,
        hidden_layers: Sequence[Sequence[int]],
        activations: Sequence[Any],
        batch_sizes: Sequence[int | None],
        epochs: Sequence[int],
        mus: Sequence[float],
        betas: Sequence[float],
        etas: Sequence[float],
        alphas: Sequence[float],
        filename: str | Path,
        *,
        seed: int = 0,
        **options: Any,
    ) -> None:
        from gridwright.grid_search import GridSearch  # not every use is a search

        grid: dict[str, Sequence[Any]] = {
            "hidden_layer": [list(sizes) for sizes in hidden_layers],
            "activation": [str(activation(wanted)) for wanted in activations],
            "epoch": epochs,
            "eta": etas,
            "beta": betas,
            "alpha": alphas,
            "mu": mus,
            "batch_size": batch_sizes,
            **{name: [value] for name, value in options.items()},
        }
        self._search = GridSearch("numpy-mlp", task, grid, filename, seed=seed)

    def run(self, x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> pd.DataFrame:
        """Train every architecture; return them with scores and histories, the best one first.

        The columns are those of the paper's tables, and more: see `gridwright.grid_search`.
        """
        return self._search.run(x_train, y_train, x_test, y_test)

    def best_model(self) -> Estimator:
        """Return the model with the best test score and, among equals, the lowest loss."""
        return self._search.best_model()
