import numpy as np
import pytest

from gridwright.datasets import Dataset
from gridwright.errors import DatasetError

X = np.arange(12.0).reshape(6, 2)
LABELS = np.array(["b", "a", "b", "a", "c", "c"])


def test_classes_are_sorted_plain_values():
    assert Dataset.of_arrays("d", "classification", (X, LABELS)).classes == ("a", "b", "c")
    numbers = Dataset.of_arrays("d", "classification", (X, np.array([7, 2, 7, 2, 2, 2], np.uint8)))
    assert numbers.classes == (2, 7)
    assert {type(label) for label in numbers.classes} == {int}


def test_a_class_that_only_the_test_part_has_is_a_class():
    dataset = Dataset.of_arrays(
        "d", "classification", (X, LABELS), (X[:1], np.array(["longer than the others"]))
    )
    assert dataset.classes == ("a", "b", "c", "longer than the others")


def test_columns_without_names_get_some():
    dataset = Dataset.of_arrays("d", "regression", (X, X))
    assert dataset.feature_names == ("x0", "x1")
    assert dataset.target_names == ("y0", "y1")
    assert Dataset.of_arrays("d", "regression", (X, X[:, 0])).target_names == ("y",)
    assert Dataset.of_arrays("d", "regression", (X[:, :, None], X)).feature_names == ()


def test_its_arrays_are_read_only_and_the_callers_are_not():
    x = X.copy()
    dataset = Dataset.of_arrays("d", "regression", (x, x[:, 0]))
    with pytest.raises(ValueError, match="read-only"):
        dataset.x[0, 0] = 1.0
    x[0, 0] = 5.0


def test_the_digest_covers_every_array_and_every_name():
    def digest(*, x=X, y=LABELS, x_test=X, y_test=LABELS, features="pq", target="t", name="d"):
        return Dataset.of_arrays(
            name,
            "classification",
            (x, y),
            (x_test, y_test),
            feature_names=features,
            target_names=[target],
        ).digest

    changed = X.copy()
    changed[5, 1] += 1e-9
    relabelled = LABELS.copy()
    relabelled[5] = "a"
    digests = {
        digest(),
        digest(x=changed),
        digest(y=relabelled),
        digest(x_test=changed),
        digest(y_test=relabelled),
        digest(features="pr"),
        digest(target="u"),
    }
    assert len(digests) == 7
    assert digest(name="another") == digest()


@pytest.mark.parametrize(
    ("part", "test_part", "message"),
    [
        ((X, LABELS[:5]), None, "as many samples as targets"),
        ((X[:0], LABELS[:0]), None, "at least one"),
        ((X[:, 0], LABELS), None, r"not \(6,\) and \(6,\)"),
        ((X, LABELS[:, None]), None, "targets of shape"),
        ((X, LABELS), (X[:, :1], LABELS), "test samples of shape"),
        ((X, np.array(["a"] * 6)), None, "one class only: .'a'"),
        ((np.where(X == 3, np.nan, X), LABELS), None, "NaN or infinite"),
        ((X, LABELS), (np.where(X == 3, np.inf, X), LABELS), "NaN or infinite"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(part, test_part, message):
    with pytest.raises(DatasetError, match=message):
        Dataset.of_arrays("d", "classification", part, test_part)
