"""CNNGridSearch: the paper's search (section 3.3) over networks, on the platform's sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_cnn import layer_entries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from gridwright.contract import Array, Estimator, Task


class CNNGridSearch:
    """Trains a CNN for every combination of values, in parallel.

    Args:
        architecture: the alternatives: each a list of Keras layers, or of entries as in
            `keras_cnn.architecture`.
        epochs: numbers of passes over the training part; one number is as good as a list of it.
        batch_sizes: samples of a batch.
        optimizers: names, mappings with arguments, or Keras optimizers.
        file_name: where every network is saved with its history as the search goes, `.csv` or
            `.parquet`. Started again with the same file, a search trains only what is missing.
        task: `classification` or `regression`.
        seed: of every training.
        cpus_per_trial: CPU cores of one training.
        options: further parameters of `CNN`, the same for all.

    Raises:
        ConfigurationError: an empty list, another ending of `file_name`, or a Keras object that a
            configuration cannot name.
    """

    def __init__(
        self,
        architecture: Sequence[Sequence[Any]],
        epochs: int | Sequence[int],
        batch_sizes: Sequence[int],
        optimizers: Sequence[Any],
        file_name: str | Path,
        *,
        task: Task = "classification",
        seed: int = 0,
        cpus_per_trial: float = 1,
        **options: Any,
    ) -> None:
        from gridwright.grid_search import GridSearch  # not every use is a search

        grid: dict[str, Sequence[Any]] = {
            "architecture": [
                [layer_entries.of_layer(layer) for layer in layers] for layers in architecture
            ],
            "epochs": [epochs] if isinstance(epochs, int) else epochs,
            "batch_size": batch_sizes,
            "optimizer": [layer_entries.of_optimizer(choice) for choice in optimizers],
            **{name: [value] for name, value in options.items()},
        }
        self._search = GridSearch(
            "keras-cnn", task, grid, file_name, seed=seed, cpus_per_trial=cpus_per_trial
        )

    def run(self, x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> pd.DataFrame:
        """Train every network; return them with scores and histories, the best one first.

        The columns are those of the paper's tables, and more: see `gridwright.grid_search`.
        """
        return self._search.run(x_train, y_train, x_test, y_test)

    def best_model(self) -> Estimator:
        """Return the model with the best test score and, among equals, the lowest loss."""
        return self._search.best_model()
