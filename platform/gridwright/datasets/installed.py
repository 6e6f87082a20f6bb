"""A data set that an installed package brings, as one more source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridwright.errors import DatasetError, GridwrightError, PluginError
from gridwright.plugins import load_dataset_plugin

if TYPE_CHECKING:
    from gridwright.contract import Array, DatasetArrays
    from gridwright.datasets.dataset import Dataset
    from gridwright.datasets.settings import DatasetSettings


@dataclass(frozen=True, slots=True)
class InstalledSource:
    """The plugin that announces `name`, in the form of `catalogue.Source`."""

    name: str

    @property
    def published_test_part(self) -> bool:
        """Whether the set comes with a test part of its own."""
        return bool(load_dataset_plugin(self.name).published_test_part)

    @property
    def options(self) -> tuple[str, ...]:
        """Keys of the configuration that only this data set knows."""
        return tuple(load_dataset_plugin(self.name).options)

    def read(self, settings: DatasetSettings) -> Dataset:
        """Return the whole set.

        Raises:
            DatasetError: the plugin says so, or its arrays do not fit each other.
            PluginError: it breaks the contract.
        """
        from gridwright.datasets.dataset import Dataset

        samples = self._samples(settings)
        test_part = None
        if samples.x_test is not None and samples.y_test is not None:
            test_part = samples.x_test, samples.y_test
        if (test_part is not None) != self.published_test_part:
            raise PluginError(
                f"data-set plugin '{self.name}' must return a test part exactly if its "
                f"published_test_part, which is {self.published_test_part}, says so"
            )
        return Dataset.of_arrays(
            self.name,
            samples.task,
            (samples.x, samples.y),
            test_part,
            feature_names=samples.feature_names,
            target_names=samples.target_names,
            source=samples.source or f"the data-set plugin {self.name}",
        )

    def _samples(self, settings: DatasetSettings) -> DatasetArrays:
        try:
            samples = load_dataset_plugin(self.name).read(dict(settings.options))
        except GridwrightError:
            raise
        except OSError as error:
            raise DatasetError(f"data set '{self.name}' cannot be read: {error}") from error
        arrays: list[Any] = [getattr(samples, name, None) for name in ("x", "y")]
        if not all(_is_array(array) for array in arrays):
            raise PluginError(
                f"read of data-set plugin '{self.name}' must return "
                "gridwright.contract.DatasetArrays with numpy arrays x and y, not "
                f"{type(samples).__name__}"
            )
        return samples


def _is_array(array: Array | None) -> bool:
    import numpy as np

    return isinstance(array, np.ndarray)
