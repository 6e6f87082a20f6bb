"""Stored networks come back as they were, or not at all."""

import json

import numpy as np
import pytest

from gridwright.errors import ModelFileError
from keras_cnn import CNN, model_files, runtime
from keras_cnn.targets import ClassTargets


@pytest.fixture(scope="module")
def trained(pictures):
    x, y = pictures
    layers = [{"layer": "Conv2D", "filters": 2, "kernel_size": 3}, "BatchNormalization", "Flatten"]
    model = CNN(layers, epochs=1, seed=0)
    model.fit(x, y)
    return model


@pytest.fixture
def folder(trained, tmp_path):
    trained.save(tmp_path)
    return tmp_path


def test_a_loaded_network_predicts_the_same(trained, folder, pictures):
    loaded = CNN.load(folder)
    for x in (pictures[0], pictures[0].astype(np.float64)):
        np.testing.assert_allclose(
            loaded.predict_proba(x), trained.predict_proba(pictures[0]), rtol=0, atol=1e-6
        )
    assert loaded.predict(pictures[0][:2]).tolist() == trained.predict(pictures[0][:2]).tolist()
    assert loaded.score(*pictures) == trained.score(*pictures)


def test_a_loaded_network_can_be_stored_again(folder, tmp_path_factory, pictures):
    again = tmp_path_factory.mktemp("again")
    CNN.load(folder).save(again)
    np.testing.assert_array_equal(
        CNN.load(again).predict_proba(pictures[0]), CNN.load(folder).predict_proba(pictures[0])
    )


def test_the_optimizer_is_not_stored(trained, folder):
    weights = sum(weight.numpy().nbytes for weight in trained.network.weights)
    assert (folder / model_files.NETWORK_FILE).stat().st_size < 2 * weights + 30_000
    stored = model_files.read(folder).network
    assert stored.count_params() == trained.network.count_params()
    assert getattr(stored, "optimizer", None) is None


@pytest.mark.parametrize("name", [model_files.NETWORK_FILE, model_files.SETTINGS_FILE])
def test_a_missing_file_is_named(name, folder):
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=f"{name} is missing"):
        CNN.load(folder)


def test_an_altered_network_is_refused(folder):
    file = folder / model_files.NETWORK_FILE
    content = bytearray(file.read_bytes())
    content[-30] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match="altered or cut short"):
        CNN.load(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format_version": 2}, "format version 2, but this package reads 1: install"),
        ({"format": "other"}, "does not describe a model of gridwright-keras-cnn"),
        ({"targets": {}}, "is damaged"),
        ({"task": "clustering"}, "is damaged"),
        ({"sha256": None}, "altered or cut short"),
    ],
)
def test_other_settings_are_refused(change, words, folder):
    file = folder / model_files.SETTINGS_FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ModelFileError, match=words):
        CNN.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "\x00"])
def test_settings_that_are_no_mapping_are_refused(text, folder):
    (folder / model_files.SETTINGS_FILE).write_text(text)
    with pytest.raises(ModelFileError, match=r"is damaged|does not describe"):
        CNN.load(folder)


def test_a_network_that_carries_code_is_refused(tmp_path):
    keras = runtime.keras()
    inputs = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda values: values * 2)(inputs)
    network = keras.Model(inputs, outputs)
    targets = ClassTargets(np.arange(4), one_hot=False)
    model_files.write(model_files.StoredModel(network, "classification", targets), tmp_path)
    with pytest.raises(ModelFileError, match=r"Keras refuses .*model.keras: "):
        CNN.load(tmp_path)
