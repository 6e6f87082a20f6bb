import io
import json
import shutil

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from gridwright.errors import ModelFileError
from numpy_mlp import MLPClassifier, MLPRegressor, load_model, model_files
from numpy_mlp.activations import Activation


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    x, y = load_iris(return_X_y=True)
    MLPClassifier(epoch=3, random_state=0).fit(x, y).save(folder)
    return folder


@pytest.fixture
def copy(stored, tmp_path):
    return shutil.copytree(stored, tmp_path / "copy")


def rewrite(folder, **changes):
    path = folder / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"activation": "LeakyReLU(0.1)", "hidden_layer": (7, 5), "dtype": "float64"},
        {"activation": {"name": "LeakyReLU", "slope": 0.2}, "optimizer": "Adam(beta_1=0.5)"},
        {"hidden_layer": [], "loss": "MSE", "batch_size": None, "random_state": np.int64(3)},
    ],
    ids=str,
)
@pytest.mark.parametrize("labels", [["x", "y", "z"], [5, 6, 8], [0.5, 1.5, 2.5]], ids=str)
def test_a_loaded_classifier_predicts_the_same_bits(options, labels, tmp_path):
    x, codes = load_iris(return_X_y=True)
    y = (
        np.array(labels)[codes]
        if labels[0] != 0.5
        else np.array(["a", "b", "c"], dtype=object)[codes]
    )
    model = MLPClassifier(**{"epoch": 3, "random_state": 0, **options}).fit(x, y, (x, y))
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.predict_proba(x).tobytes() == model.predict_proba(x).tobytes()
    assert loaded.predict(x).dtype == model.predict(x).dtype
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    np.testing.assert_array_equal(loaded.history_, model.history_)
    np.testing.assert_array_equal(loaded.validation_history_, model.validation_history_)
    assert str(loaded.activation) == str(model.activation)


@pytest.mark.parametrize("several", [False, True])
def test_a_loaded_regressor_predicts_the_same_bits(several, tmp_path):
    x, y = load_diabetes(return_X_y=True)
    y = np.column_stack([y, -y]) if several else y
    model = MLPRegressor(epoch=3, random_state=0).fit(x, y)
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert loaded.predict(x).shape == y.shape
    assert loaded.predict(x).tobytes() == model.predict(x).tobytes()
    assert loaded.partial_fit(x, y).n_iter_ == 4


def test_feature_names_are_kept(tmp_path):
    data = load_iris(as_frame=True)
    MLPClassifier(epoch=1).fit(data.data, data.target).save(tmp_path)
    with pytest.raises(ValueError, match="feature names"):
        load_model(tmp_path).predict(data.data[data.data.columns[::-1]])


def test_the_same_model_is_the_same_files(stored, tmp_path):
    x, y = load_iris(return_X_y=True)
    MLPClassifier(epoch=3, random_state=0).fit(x, y).save(tmp_path)
    for name in ("model.json", "arrays.npz"):
        assert (tmp_path / name).read_bytes() == (stored / name).read_bytes()


@pytest.mark.parametrize("name", ["model.json", "arrays.npz"])
def test_a_missing_file(copy, name):
    (copy / name).unlink()
    with pytest.raises(ModelFileError, match=f"{name} is missing"):
        load_model(copy)


@pytest.mark.parametrize("name", ["model.json", "arrays.npz"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_file_cut_short(copy, name, share):
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelFileError, match=r"cannot be read|SHA-256 differs"):
        load_model(copy)


def test_every_altered_byte_is_noticed(copy):
    content = (copy / "arrays.npz").read_bytes()
    for position in np.linspace(0, len(content) - 1, 50).astype(int):
        altered = bytearray(content)
        altered[position] ^= 1
        (copy / "arrays.npz").write_bytes(altered)
        with pytest.raises(ModelFileError, match="SHA-256 differs"):
            load_model(copy)


def test_altered_weights(copy):
    with np.load(copy / "arrays.npz") as stored:
        arrays = dict(stored)
    arrays["weights"][3] += 1e-7
    np.savez(copy / "arrays.npz", **arrays)
    with pytest.raises(ModelFileError, match="SHA-256 differs"):
        load_model(copy)


@pytest.mark.parametrize(
    "change",
    [{"estimator": "MLPRegressor"}, {"n_outputs": 2}, {"parameters": {}}, {"sha256": "0"}],
    ids=str,
)
def test_an_altered_description(copy, change):
    rewrite(copy, **change)
    with pytest.raises(ModelFileError, match="SHA-256 differs"):
        load_model(copy)


def test_pickles_are_not_read(copy):
    """Not even with a digest that fits."""
    archive = io.BytesIO()
    np.savez(archive, weights=np.array([{"a": 1}], dtype=object))
    document, _ = model_files.FORMAT.open(copy)
    model_files.FORMAT.seal(copy, document, archive.getvalue())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_model(copy)


def test_labels_that_only_pickle_could_store(tmp_path):
    x, codes = load_iris(return_X_y=True)
    y = np.array(["a", "b", "c"], dtype=object)[codes]
    model = MLPClassifier(epoch=1).fit(x, y)
    model.classes_ = np.array([("a",), "b", None], dtype=object)
    with pytest.raises(ModelFileError, match="cannot be stored"):
        model.save(tmp_path)
    assert not list(tmp_path.iterdir())


class Sine(Activation):
    needs_input = True

    def forward(self, z, out):
        np.sin(z, out=out)

    def backward(self, output, delta, z):
        delta *= np.cos(z)


def test_a_users_own_activation(tmp_path):
    x, y = load_iris(return_X_y=True)
    model = MLPClassifier(activation=Sine(), epoch=30, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.9
    model.save(tmp_path)
    with pytest.raises(ModelFileError, match="its own activation 'Sine'"):
        load_model(tmp_path)
    loaded = load_model(tmp_path, activations={"Sine": Sine})
    assert loaded.predict_proba(x).tobytes() == model.predict_proba(x).tobytes()
