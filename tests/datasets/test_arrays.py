import zipfile

import numpy as np
import pytest

from gridwright.datasets import load, split
from gridwright.errors import DatasetError

X = np.arange(120.0).reshape(40, 3)
Y = np.arange(40) % 2


def config(path, **options):
    return {
        "kind": "arrays",
        "path": str(path),
        "test_fraction": 0.2,
        "validation_fraction": 0.2,
        **options,
    }


@pytest.fixture
def saved(tmp_path):
    def save(**arrays):
        path = tmp_path / "my.npz"
        np.savez(path, **arrays)
        return path

    return save


def sentence(path, **options):
    with pytest.raises(DatasetError) as caught:
        load(config(path, **options))
    return str(caught.value).replace(str(path), "{path}")


@pytest.mark.parametrize(
    "names", [("x", "y"), ("X", "y"), ("data", "target"), ("images", "labels"), ("arr_0", "arr_1")]
)
def test_the_usual_names_are_found(saved, names):
    dataset = load(config(saved(**dict(zip(names, (X, Y), strict=True)))))
    assert (dataset.name, dataset.task, dataset.classes) == ("my", "classification", (0, 1))
    np.testing.assert_array_equal(dataset.x, X)


def test_a_test_part_of_the_file_is_used(saved):
    path = saved(x_train=X, y_train=Y[:, None], x_test=X[:4], y_test=Y[:4, None])
    data = split(load(config(path)), config(path), "validation")
    np.testing.assert_array_equal(data.x_test, X[:4])
    assert data.y_train.shape == (32,)
    assert data.notes[-1] == "'x_test' and 'y_test' of the file are the test part"


def test_the_task_is_inferred_and_can_be_set(saved):
    assert load(config(saved(x=X, y=Y + 0.5))).task == "regression"
    assert load(config(saved(x=X, y=np.arange(40)))).task == "regression"
    assert load(config(saved(x=X, y=X[:, :2]))).task == "regression"
    assert load(config(saved(x=X, y=np.where(Y, "a", "b")))).classes == ("a", "b")
    path = saved(x=X, y=Y)
    assert load(config(path, task="regression")).task == "regression"
    assert load(config(path)).notes == (
        "samples 'x', targets 'y'; task: classification (2 different labels; dataset.task sets another)",
    )


def test_other_names_are_set(saved):
    path = saved(inputs=X, outputs=Y, more=Y)
    assert sentence(path) == (
        "{path} holds the arrays inputs, outputs, more, and none of the usual pairs such as x and "
        "y: set dataset.samples and dataset.target to two of them"
    )
    assert load(config(path, samples="inputs", target="outputs")).classes == (0, 1)
    assert sentence(path, samples="input", target="outputs") == (
        "{path} has no array 'input', which dataset.samples names: it holds inputs, outputs, more"
    )


def test_a_missing_file(tmp_path):
    assert sentence(tmp_path / "no.npz") == "there is no file {path}: check dataset.path"


def test_no_path():
    with pytest.raises(
        DatasetError, match=r"^dataset=arrays needs a file: set dataset\.path, such as"
    ):
        load({"kind": "arrays"})


def test_a_truncated_file(saved):
    path = saved(x=X, y=Y)
    path.write_bytes(path.read_bytes()[:-40])
    assert sentence(path) == (
        "{path} is cut short or damaged (File is not a zip file): fetch it again"
    )


def test_pickled_objects(saved):
    assert sentence(saved(x=np.array([{}, {}] * 20, dtype=object), y=Y)) == (
        "{path} holds pickled objects, which are never read: write it with plain arrays"
    )


def test_samples_that_are_no_numbers(saved):
    assert sentence(saved(x=X.astype(str), y=Y)) == (
        "{path}: the samples must be numbers, but the array 'x' holds <U32"
    )


def test_arrays_that_do_not_fit(saved):
    assert sentence(saved(x=X, y=Y[:-1])) == (
        "{path}: there must be a target for each sample, but 'x' has 40 rows and 'y' 39"
    )


def test_one_class(saved):
    assert sentence(saved(x=X, y=np.zeros(40, int))) == "data set 'my' has one class only: [0]"


def test_nan(saved):
    assert sentence(saved(x=np.where(X == 5, np.nan, X), y=Y)) == (
        "{path}: every number must be finite, but the array 'x' holds a NaN or infinity in row 1 "
        "(counted from 0): replace it, or leave the row out"
    )


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": X[:, 0], "y": Y}, "the samples must have the shape (n, ...), a row of numbers each, but the array 'x' has (40,); of one number each they are (40, 1)"),
        ({"x": X[:, :0], "y": Y}, "the samples must have the shape (n, ...), a row of numbers each, but the array 'x' has (40, 0)"),
        ({"x": X, "y": np.zeros((40, 2, 2))}, "the targets must have the shape (n,), or (n, n_outputs) for a regression, but the array 'y' has (40, 2, 2)"),
        ({"x": X, "y": Y.astype("datetime64[D]")}, "the targets must be numbers, texts or truth values, but the array 'y' holds datetime64[D]"),
        ({"x": X, "y": np.full(40, 2.5)}, "the target 'y' has one value only (2.5): there is nothing to learn"),
        ({"x": X, "y": np.full((40, 2), 2.5)}, "the target column 0 of 'y' has one value only (2.5): there is nothing to learn"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y + 1}, "the label 2 is in 'y_test', and not in 'y_train': both parts need the same classes"),
        ({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y[:5]}, "there must be a target for each sample, but 'x_test' has 40 rows and 'y_test' 5"),
        ({"x": X, "y": np.array([b"\xff", b"a"] * 20)}, "the labels in 'y' are bytes and no UTF-8 ('utf-8' codec can't decode byte 0xff in position 0: invalid start byte): store texts"),
    ],
)  # fmt: skip
def test_what_no_model_can_learn_from(saved, arrays, said):
    assert sentence(saved(**arrays)) == f"{{path}}: {said}"


def test_settings_that_do_not_fit(saved):
    one_hot = saved(x=X, y=np.eye(2)[Y])
    assert sentence(one_hot, task="classification") == (
        "{path}: a classification needs labels of shape (n,), but the array 'y' has (40, 2): of "
        "columns for classes, store y.argmax(axis=1)"
    )
    words = saved(x=X, y=np.where(Y, "a", "b"))
    assert sentence(words, task="regression") == (
        "{path}: a regression needs numbers, and 'y' holds texts (such as 'b')"
    )


def test_types_of_other_machines_and_languages_become_plain_ones(saved):
    dataset = load(config(saved(x=X.astype(">f4"), y=np.array([b"no", b"ja"])[Y])))
    assert dataset.x.dtype == np.float32
    assert dataset.classes == ("ja", "no")
    assert load(config(saved(x=X.astype(np.longdouble), y=Y.astype(">i4")))).x.dtype == np.float64


def test_a_folder_and_other_files_are_told_apart(tmp_path):
    path = tmp_path / "my.npz"
    path.mkdir()
    assert sentence(path) == "{path} is a folder, and dataset=arrays reads one .npz file: name it"
    path.rmdir()
    path.write_text("a,b\n1,2\n")
    assert sentence(path) == "{path} is no .npz archive of arrays: write it with np.savez"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", "no array")
        archive.writestr("y.npy", "no array")
    assert sentence(path) == "{path} is damaged: its 'x' is no array; fetch it again"


def test_what_is_not_used_is_said(saved):
    notes = load(config(saved(x=X, y=Y, x_test=X, names=Y))).notes
    assert notes[-1] == "not used: 'x_test', 'names'"
