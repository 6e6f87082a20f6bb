"""Stored networks come back as they were, or not at all."""

import numpy as np
import pytest

from gridwright.errors import ModelFileError
from gridwright.model_files import DOCUMENT_FILE
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
    assert (folder / model_files.FORMAT.content_file).stat().st_size < 2 * weights + 30_000
    stored = model_files.read(folder).network
    assert stored.count_params() == trained.network.count_params()
    assert getattr(stored, "optimizer", None) is None


@pytest.mark.parametrize("name", [model_files.FORMAT.content_file, DOCUMENT_FILE])
def test_a_missing_file_is_named(name, folder):
    (folder / name).unlink()
    with pytest.raises(ModelFileError, match=f"{name} is missing"):
        CNN.load(folder)


def test_an_altered_network_is_refused(folder):
    file = folder / model_files.FORMAT.content_file
    content = bytearray(file.read_bytes())
    content[-30] ^= 1
    file.write_bytes(content)
    with pytest.raises(ModelFileError, match="altered or cut short"):
        CNN.load(folder)


@pytest.mark.parametrize("change", [{"targets": {}}, {"task": "clustering"}], ids=str)
def test_a_description_that_says_nothing_is_refused(change, folder):
    document, _ = model_files.FORMAT.open(folder)
    model_files.FORMAT.seal(folder, document | change)
    with pytest.raises(ModelFileError, match="is damaged"):
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
