from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "datasets"


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """An empty data folder that GRIDWRIGHT_DATA names; nothing can be fetched."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GRIDWRIGHT_DATA", str(folder))
    # Nobody listens there.
    monkeypatch.setenv("GRIDWRIGHT_MIRROR", "http://127.0.0.1:9")
    return folder


@pytest.fixture
def shared_datasets():
    if not (SHARED / "prepare.py").is_file():
        pytest.skip(f"no benchmark data in {SHARED}")
    return SHARED


@pytest.fixture
def small_pictures(data_folder):
    """A file shaped like mnist.npz: 120 training and 40 test pictures of 10 classes."""
    generator = np.random.default_rng(0)
    arrays = {
        "x_train": generator.integers(0, 256, (120, 6, 5), dtype=np.uint8),
        "y_train": np.tile(np.arange(10, dtype=np.uint8), 12),
        "x_test": generator.integers(0, 256, (40, 6, 5), dtype=np.uint8),
        "y_test": np.tile(np.arange(10, dtype=np.uint8), 4),
    }
    np.savez_compressed(data_folder / "mnist.npz", **arrays)
    return arrays
