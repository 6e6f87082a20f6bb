"""The Python API of a sweep: a grid of one model over arrays at hand, in parallel, into one file.

A plugin's own grid-search class translates its arguments into a grid and leaves the rest to
`GridSearch`. There is no tracking store here: the file holds what the search found.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridwright.contract import TrialSpec
from gridwright.datasets import Dataset, TrialData
from gridwright.datasets.splits import describe
from gridwright.errors import ConfigurationError, InvalidTrials, SweepError
from gridwright.plugins import load_model_plugin
from gridwright.search_table import ENDINGS, SearchTable, best_folder
from gridwright.trial import trial_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from gridwright.contract import Array, Estimator, ModelPlugin, Task, TrialResult


class GridSearch:
    """Trains every cell of a grid and ranks them by the score on the test part, as the paper does.

    `filename` is brought up to date while the search runs. A search that is started again with
    the same file, data and seed takes over what the file holds. The best model lies in the folder
    `<filename>.best`.

    Args:
        model: name of the model plugin.
        task: what is predicted.
        grid: parameter -> its values; a cell is one choice of each, the last name varies fastest.
        filename: table of results, `.csv` or `.parquet` by its ending.
        seed: of every training.
        cpus_per_trial: CPU cores of one training.

    Raises:
        ConfigurationError: an unknown model, an empty list of values, or another ending.
    """

    def __init__(
        self,
        model: str,
        task: Task,
        grid: Mapping[str, Sequence[Any]],
        filename: str | Path,
        *,
        seed: int = 0,
        cpus_per_trial: float = 1,
    ) -> None:
        self.filename = Path(filename)
        if self.filename.suffix not in ENDINGS:
            raise ConfigurationError(
                f"filename must end in {' or '.join(ENDINGS)}, but got {str(filename)!r}"
            )
        empty = [name for name, values in grid.items() if not list(values)]
        if empty:
            raise ConfigurationError(f"the grid has no values for {', '.join(empty)}")
        self._plugin: ModelPlugin = load_model_plugin(model)
        self._task: Task = task
        self._seed = seed
        self._cpus_per_trial = cpus_per_trial
        self._names = list(grid)
        self._cells = [
            dict(zip(grid, choice, strict=True)) for choice in itertools.product(*grid.values())
        ]

    def run(self, x_train: Array, y_train: Array, x_test: Array, y_test: Array) -> pd.DataFrame:
        """Train what the file does not hold yet; return all results, the best one first.

        Returns:
            One row a cell: its parameters, `test_score`, `train_score`, `loss` (on the training
            part), `epochs`, `seconds`, `failure`, and as JSON `history` and `validation_history`,
            lists of [loss, score].

        Raises:
            InvalidTrials: cells that cannot be trained; nothing was started.
            DatasetError: the arrays do not fit each other or the task.
        """
        data = _trial_data(self._task, (x_train, y_train), (x_test, y_test))
        specs = self._specs(data)
        self._refuse_bad_cells(specs, data)
        table = SearchTable(self.filename, self._names, [spec.key for spec in specs])
        missing = [spec for spec in specs if spec.key not in table]
        if missing:
            self._train(missing, data, table)
        return table.ranked()

    def best_model(self) -> Estimator:
        """Return the trained model with the best test score and, among equals, the lowest loss.

        Raises:
            SweepError: no search has left a model.
        """
        folder = best_folder(self.filename)
        if not folder.is_dir():
            raise SweepError(f"there is no best model in {folder}: run the search first")
        return self._plugin.load(folder / "model")

    def _specs(self, data: TrialData) -> list[TrialSpec]:
        specs = []
        for index, cell in enumerate(self._cells):
            model = {"name": self._plugin.name, **cell}
            config = {"model": model, "seed": self._seed, "task": self._task}
            specs.append(
                TrialSpec(
                    key=trial_key(config, data.digest, self._plugin.version),
                    index=index,
                    model=self._plugin.name,
                    parameters=cell,
                    config=config | {"resources": {"cpus": self._cpus_per_trial}},
                    overrides=(),
                    dataset=data.description.name,
                    dataset_key=data.description.name,
                    data_digest=data.digest,
                    plugin_version=self._plugin.version,
                    seed=self._seed,
                    rank_by="test",
                    command="",
                )
            )
        # A grid may name one value twice, as the paper's do.
        return list({spec.key: spec for spec in reversed(specs)}.values())[::-1]

    def _refuse_bad_cells(self, specs: Iterable[TrialSpec], data: TrialData) -> None:
        problems = {
            f"{problem.parameter} {problem.message}"
            for spec in specs
            for problem in self._plugin.check(spec.parameters, data.description)
        }
        if problems:
            raise InvalidTrials(f"this grid cannot be searched: {'; '.join(sorted(problems))}")

    def _train(self, specs: Sequence[TrialSpec], data: TrialData, table: SearchTable) -> None:
        from gridwright.sweep.ray_tune import run_trials  # imports ray

        cells = {spec.key: spec.parameters for spec in specs}

        def keep(result: TrialResult) -> None:
            table.add(cells[result.key], result)

        try:
            run_trials(
                specs, {data.description.name: data}, keep, cpus_per_trial=self._cpus_per_trial
            )
        finally:
            table.write()


def _trial_data(task: Task, train: tuple[Array, Array], test: tuple[Array, Array]) -> TrialData:
    x_train, y_train, x_test, y_test = map(np.asarray, (*train, *test))
    dataset = Dataset.of_arrays("arrays", task, (x_train, y_train), (x_test, y_test))
    x, x_test_part = dataset.arrays
    return TrialData(
        description=describe(dataset, len(x)),
        digest=dataset.digest,
        source=dataset.source,
        x_train=x,
        y_train=dataset.y,
        x_validation=x_test_part,
        y_validation=dataset.y_test,
        x_test=x_test_part,
        y_test=dataset.y_test,
    )
