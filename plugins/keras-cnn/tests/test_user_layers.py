"""A layer of an installed package beside Keras's own: announced, checked, trained, stored."""

import sys
import textwrap

import numpy as np
import pytest

from gridwright.contract import DataDescription
from gridwright.errors import PluginError
from keras_cnn import CNN, runtime, user_layers
from keras_cnn.layers import LAYERS
from keras_cnn.parameters import check

SOURCE = """
    import keras

    class Doubled(keras.layers.Layer):
        def __init__(self, axis_size, bias=0.0, **common):
            super().__init__(**common)
            self.axis_size, self.bias = axis_size, bias

        def call(self, x):
            return keras.ops.concatenate([x, x + self.bias], axis=-1)

        def compute_output_shape(self, shape):
            if shape[-1] != self.axis_size:
                raise ValueError(f"the last axis must have {self.axis_size} values")
            return (*shape[:-1], 2 * shape[-1])

        def get_config(self):
            return super().get_config() | {"axis_size": self.axis_size, "bias": self.bias}

    Renamed = Doubled
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that announces Doubled, and Renamed, which is called otherwise."""
    (tmp_path / "my_layers.py").write_text(textwrap.dedent(SOURCE))
    info = tmp_path / "my_layers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-layers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[keras_cnn.layers]\nDoubled = my_layers:Doubled\nRenamed = my_layers:Renamed\n"
        "Absent = my_layers:Absent\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    announced = user_layers.announced  # a test may put another in its place
    announced.cache_clear()
    yield
    announced.cache_clear()
    sys.modules.pop("my_layers", None)


TABLE = DataDescription("d", "classification", 60, (4,), "float64", classes=(0, 1))


def problems(*entries):
    return [(p.parameter, p.message) for p in check({"architecture": list(entries)}, TABLE)]


def test_what_no_package_announces_is_refused():
    user_layers.announced.cache_clear()
    ((where, message),) = problems({"layer": "Doubled", "axis_size": 4})
    assert where == "architecture.0.layer"
    assert "unknown layer 'Doubled'" in message


def test_an_announced_layer_is_checked_like_any_other(package):
    assert "Doubled" in LAYERS
    assert problems({"layer": "Doubled", "axis_size": 4}) == []
    assert problems("Doubled")[0][0] in {"architecture.0.axis_size", "architecture.0"}
    ((where, message),) = problems({"layer": "Doubled", "axis_size": 4, "colour": "red"})
    assert where == "architecture.0.colour"
    assert "unknown argument of Doubled 'colour'" in message
    ((where, message),) = problems({"layer": "Doubled", "axis_size": 5})
    assert where == "architecture.0"
    assert "the last axis must have 5 values, but 4 arrives" in message


@pytest.mark.parametrize("name", ["Renamed", "Absent"])
def test_a_wrong_announcement_is_named(package, name):
    with pytest.raises(PluginError, match=name):
        user_layers.layer_class(name)


def test_it_trains_and_is_stored_and_loaded(package, tmp_path, monkeypatch):
    runtime.keras()
    announced = {"Doubled": user_layers.announced()["Doubled"]}
    monkeypatch.setattr(user_layers, "announced", lambda: announced)
    monkeypatch.setattr("keras_cnn.model_files.announced", lambda: announced)
    x = np.random.default_rng(0).normal(size=(60, 4))
    y = (x[:, 0] > 0).astype(int)
    model = CNN([{"layer": "Doubled", "axis_size": 4, "bias": 0.5}], epochs=1, seed=0)
    model.fit(x, y)
    (tmp_path / "stored").mkdir()
    model.save(tmp_path / "stored")
    loaded = CNN.load(tmp_path / "stored")
    np.testing.assert_allclose(loaded.predict_proba(x), model.predict_proba(x), atol=1e-6)
