"""`Estimator.save` and `ModelPlugin.load`: whole, without pickle, or refused."""

# ruff: noqa: S101, D102 - pytest's asserts, and tests whose names are sentences

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from gridwright.errors import ModelFileError
from gridwright.testing.pickle_scan import holds_pickle
from gridwright.testing.subject import TOLERANCE, PluginUnderTest, answers

if TYPE_CHECKING:
    from pathlib import Path

    from gridwright.contract import Estimator, ModelPlugin
    from gridwright.datasets import TrialData


class StorageConformance(PluginUnderTest):
    """A stored model comes back as it was, or not at all."""

    def test_a_loaded_model_repeats_the_predictions(
        self, plugin: ModelPlugin, trained: Estimator, stored: Path, data: TrialData
    ) -> None:
        moved = stored.rename(stored.parent / "moved")
        loaded = plugin.load(moved)
        np.testing.assert_allclose(
            answers(loaded, data), answers(trained, data), rtol=0, atol=TOLERANCE
        )
        if data.description.classes:
            assert set(loaded.predict(data.x_train).tolist()) <= set(data.description.classes)

    def test_no_pickle_is_stored(self, stored: Path) -> None:
        paths = [path for path in stored.rglob("*") if path.is_file()]
        assert paths, "save wrote no file"
        assert not [path.name for path in paths if holds_pickle(path.read_bytes())]

    def test_a_missing_or_cut_file_is_refused(self, plugin: ModelPlugin, stored: Path) -> None:
        for path in [path for path in stored.rglob("*") if path.is_file()]:
            content = path.read_bytes()
            path.unlink()
            refused(plugin, stored, f"without {path.name}")
            path.write_bytes(content[: len(content) // 2])
            refused(plugin, stored, f"with half of {path.name}")
            path.write_bytes(content)

    def test_an_altered_file_is_refused_or_makes_no_difference(
        self, plugin: ModelPlugin, trained: Estimator, stored: Path, data: TrialData
    ) -> None:
        for path in [path for path in stored.rglob("*") if path.is_file()]:
            content = path.read_bytes()
            for position in np.linspace(0, len(content) - 1, 7).astype(int):
                altered = bytearray(content)
                altered[position] ^= 0xFF
                path.write_bytes(altered)
                try:
                    loaded = plugin.load(stored)
                except ModelFileError:
                    continue
                np.testing.assert_allclose(
                    answers(loaded, data), answers(trained, data), rtol=0, atol=TOLERANCE
                )
            path.write_bytes(content)


def refused(plugin: ModelPlugin, folder: Path, how: str) -> None:
    """Assert that the plugin refuses to load a damaged folder."""
    with pytest.raises(ModelFileError) as caught:
        plugin.load(folder)
    assert str(caught.value), how
